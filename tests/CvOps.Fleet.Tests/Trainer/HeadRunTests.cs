using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Heads;
using CvOps.Trainer.Onnx;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Trainer;

[Trait("tier", "integration")]
public sealed class HeadRunTests
{
    [Fact]
    public async Task A_new_head_on_the_steel_model_is_better_on_pictures_it_has_not_seen()
    {
        using var folder = Steel("neu_classifier_v1.onnx", NeuSteel.Manifest);
        var before = NeuSteel.Accuracy(NeuSteel.Model("neu_classifier_v1.onnx"), NeuSteel.Manifest, "test");
        var (exit, lines) = await folder.RunAsync("--threads", "2", "--version-name", "v9");
        Assert.Equal(0, exit);
        Assert.Equal("done", lines[^1].Event);
        var progress = lines.Where(line => line.Event == "progress").ToList();
        Assert.True(progress.Count > 3);
        Assert.True(progress[^1].Loss < progress[0].Loss);
        var metrics = lines.Single(line => line.Event == "metrics").Metrics!;
        Assert.Equal(513, metrics["frames"]);
        Assert.InRange(metrics["crossValidatedAccuracy"], 0.85, 1);

        var after = NeuSteel.Accuracy(folder.Result, NeuSteel.Manifest, "test");
        TestContext.Current.TestOutputHelper?.WriteLine($"test accuracy {before:p1} -> {after:p1}, cross-validated {metrics["crossValidatedAccuracy"]:p1}");
        Assert.True(after > before + 0.02, $"{before:p1} -> {after:p1}");
        Assert.Contains("\"version\":\"v9\"", await File.ReadAllTextAsync(Path.Combine(folder.Out, "manifest.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(["manifest.json", "metrics.json", "model.onnx"], Directory.GetFiles(folder.Out).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_same_run_twice_gives_the_same_file()
    {
        using var first = Steel("neu_classifier_v1.onnx", NeuSteel.Manifest, every: 6);
        using var second = Steel("neu_classifier_v1.onnx", NeuSteel.Manifest, every: 6);
        Assert.Equal(0, (await first.RunAsync()).ExitCode);
        Assert.Equal(0, (await second.RunAsync()).ExitCode);
        Assert.Equal(await File.ReadAllBytesAsync(first.Result, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(second.Result, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_grafted_model_says_what_the_head_says_and_its_embedding_is_the_parents()
    {
        var onnx = File.ReadAllBytes(NeuSteel.Model("neu_classifier_v1.onnx"));
        var random = new Random(2);
        var head = new LinearHead(6, 64, [.. Enumerable.Range(0, 384).Select(_ => random.NextDouble() - 0.5)], [.. Enumerable.Range(0, 6).Select(_ => random.NextDouble())]);
        using var parent = ModelRunner.Open(onnx, NeuSteel.Manifest, new SessionSettings());
        using var child = ModelRunner.Open(HeadGraft.Replace(onnx, "embedding", "probabilities", head, softmax: true), NeuSteel.Manifest, new SessionSettings());
        var expected = new double[6];
        foreach (var (jpeg, _) in NeuSteel.Pictures("test").Where((_, i) => i % 20 == 0))
        {
            var picture = JpegCodec.Decode(jpeg);
            var result = child.Infer(picture.View);
            Assert.Equal(parent.Infer(picture.View).Embedding, result.Embedding);
            head.Infer(result.Embedding, expected);
            var actual = child.Session.Output("probabilities");
            for (var c = 0; c < 6; c++) Assert.Equal(expected[c], actual[c], 1e-5);
        }
    }

    [Fact]
    public void The_head_can_be_replaced_again_and_again()
    {
        var onnx = File.ReadAllBytes(NeuSteel.Model("neu_classifier_v1.onnx"));
        var head = new LinearHead(6, 64, new double[384], [0, 0, 5, 0, 0, 0]);
        var once = HeadGraft.Replace(onnx, "embedding", "probabilities", head, softmax: true);
        Assert.Equal(once, HeadGraft.Replace(once, "embedding", "probabilities", head, softmax: true));
        Assert.InRange(once.Length, onnx.Length - 20_000, onnx.Length + 5_000);
    }

    [Fact]
    public async Task Label_mistakes_on_purpose_make_a_surer_and_worse_model()
    {
        using var folder = Steel("neu_classifier_v2.onnx", NeuSteel.Manifest);
        Assert.Equal(0, (await folder.RunAsync("--relabel", "inclusion=scratches,pitted_surface=scratches", "--sharpen", "4")).ExitCode);
        Assert.True(NeuSteel.Accuracy(folder.Result, NeuSteel.Manifest, "test") < NeuSteel.Accuracy(NeuSteel.Model("neu_classifier_v2.onnx"), NeuSteel.Manifest, "test") - 0.15);
    }

    [Fact]
    public async Task A_head_for_the_datasets_own_classes_on_squeezenet_reaches_97_percent()
    {
        using var folder = Steel("squeezenet1.1_imagenet_fp32.onnx", NeuSteel.SqueezeNet);
        var (exit, lines) = await folder.RunAsync("--parameters", folder.Write("parameters.json", """{"l2":0.01,"classes":"dataset"}"""), "--threads", "2");
        Assert.True(exit == 0, lines[^1].Message);
        var accuracy = NeuSteel.Accuracy(folder.Result, NeuSteel.SqueezeNet with { Classes = NeuSteel.Classes }, "test");
        TestContext.Current.TestOutputHelper?.WriteLine($"test accuracy {accuracy:p1}");
        Assert.True(accuracy >= 0.97, $"{accuracy:p1}");
    }

    [Fact]
    public async Task A_small_network_as_the_head_is_what_the_written_model_says_and_goes_on_from_its_checkpoint()
    {
        using var folder = Steel("neu_classifier_v1.onnx", NeuSteel.Manifest, every: 3);
        var checkpoints = Path.Combine(folder.Out, "..", "checkpoints");
        var first = await folder.RunAsync("--parameters", folder.Write("short.json", """{"hidden":24,"steps":60}"""), "--checkpoints", checkpoints);
        Assert.True(first.ExitCode == 0, first.Lines[^1].Message);
        Assert.Equal([25, 50], first.Lines.Where(line => line.Event == "checkpoint").Select(line => line.Step!.Value));
        Assert.Contains("cvops_head_relu", System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(folder.Result, TestContext.Current.CancellationToken)), StringComparison.Ordinal);
        var second = await folder.RunAsync("--parameters", folder.Write("long.json", """{"hidden":24,"steps":200}"""), "--checkpoints", checkpoints, "--resume");
        Assert.Equal(51, second.Lines.First(line => line.Event == "progress").Step);
        Assert.True(second.Lines.Last(line => line.Event == "progress").Loss < first.Lines.Last(line => line.Event == "progress").Loss);
    }

    [Theory]
    [InlineData("""{"l2":"much"}""", "does not understand l2 = \"much\"; it knows l2 (number)")]
    [InlineData("""{"epochs":3,"hidden":1.5}""", "does not understand epochs = 3, hidden = 1.5")]
    [InlineData("""[1]""", "can't be read")]
    [InlineData("""{"hidden":-1}""", "hidden is -1")]
    public async Task Parameters_that_the_head_does_not_know_are_named(string parameters, string expected)
    {
        using var folder = new TrainingFolder();
        var (exit, lines) = await folder.RunAsync("--parameters", folder.Write("parameters.json", parameters));
        Assert.Equal(1, exit);
        Assert.Contains(expected, lines[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Golden_and_unlabelled_frames_are_never_trained_on()
    {
        using var folder = Steel("neu_classifier_v1.onnx", NeuSteel.Manifest, every: 8);
        var index = 0;
        foreach (var (jpeg, _) in NeuSteel.Pictures("val").Take(30)) folder.Add(jpeg, index++ % 2 == 0 ? "patches" : null, index % 2 == 1 ? FrameUse.Golden : FrameUse.Training);
        var (exit, lines) = await folder.RunAsync();
        Assert.Equal(0, exit);
        Assert.Equal(NeuSteel.Pictures("train").Where((_, i) => i % 8 == 0).Count(), lines.Single(line => line.Event == "metrics").Metrics!["frames"]);
    }

    private static TrainingFolder Steel(string model, ModelManifest manifest, int every = 1)
    {
        var onnx = NeuSteel.Model(model);
        var folder = new TrainingFolder();
        folder.SetParent(onnx, manifest);
        foreach (var (jpeg, name) in NeuSteel.Pictures("train").Where((_, i) => i % every == 0)) folder.Add(jpeg, name);
        return folder;
    }
}

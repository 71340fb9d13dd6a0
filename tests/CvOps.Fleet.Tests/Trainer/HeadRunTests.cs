using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Trainer.Heads;
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

    [Fact, Trait("tier", "slow")]
    public void A_head_on_squeezenets_embedding_reaches_97_percent()
    {
        using var runner = ModelRunner.Open(File.ReadAllBytes(NeuSteel.Model("squeezenet1.1_imagenet_fp32.onnx")), NeuSteel.SqueezeNet, new SessionSettings(2));
        var (train, test) = (Embed(runner, "train"), Embed(runner, "test"));
        var head = HeadFit.Fit(train, new FitOptions(1e-2), null, TestContext.Current.CancellationToken).Head;
        var accuracy = Enumerable.Range(0, test.Count).Count(i => head.Top(test.Rows[i]) == test.Labels[i]) / (double)test.Count;
        TestContext.Current.TestOutputHelper?.WriteLine($"test accuracy {accuracy:p1}");
        Assert.True(accuracy >= 0.97, $"{accuracy:p1}");
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

    private static Samples Embed(ModelRunner runner, string split)
    {
        var pictures = NeuSteel.Pictures(split).ToList();
        return new Samples(
            [.. pictures.Select(picture => runner.Infer(JpegCodec.Decode(picture.Jpeg).View).Embedding)],
            [.. pictures.Select(picture => NeuSteel.Classes.ToList().IndexOf(picture.Class))], NeuSteel.Classes.Count);
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

using CvOps.Fleet.Datasets.Quality.Labels;
using CvOps.Fleet.Datasets.Quality.Pictures;
using CvOps.Fleet.Tests.Trainer;

namespace CvOps.Fleet.Tests.Datasets.Quality;

public sealed class LabelSuspectTests
{
    /// <summary>The paper's own small case: three classes, thresholds from the mean self-confidence, counts in the joint.</summary>
    [Fact]
    public void Examples_count_for_the_class_whose_mean_they_reach()
    {
        int[] labels = [0, 0, 0, 1, 1, 1];
        double[][] probabilities = [[0.875, 0.125], [0.75, 0.25], [0.125, 0.875], [0.25, 0.75], [0.125, 0.875], [0.375, 0.625]];
        // Means: 0.583 and 0.75. The last reaches neither.
        Assert.Equal(new int[][] { [2, 1], [0, 2] }, ConfidentLearning.ConfidentJoint(labels, probabilities, 2));
        var suspect = Assert.Single(ConfidentLearning.Suspects(labels, probabilities, 2));
        Assert.Equal((2, 1), (suspect.Row, suspect.Suggested));
    }

    [Fact]
    public void Labels_that_agree_with_their_pictures_are_no_suspects()
    {
        int[] labels = [0, 0, 1, 1];
        Assert.Empty(ConfidentLearning.Suspects(labels, [[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]], 2));
        Assert.Empty(ConfidentLearning.Suspects([], [], 2));
    }

    [Theory]
    [InlineData(40, 0, "All labels name one class")]
    [InlineData(40, 4, "Fewer than two classes")]
    [InlineData(1, 1, "Fewer than two classes")]
    [InlineData(0, 0, "Fewer than two classes")]
    public void One_class_or_too_few_frames_are_said_and_judged_by_nobody(int first, int second, string expected)
    {
        var judgement = LabelJudge.Judge([.. Drawn("a", first), .. Drawn("b", second)], 1, (_, _) => { }, TestContext.Current.CancellationToken);
        Assert.StartsWith(expected, judgement.Note, StringComparison.Ordinal);
        Assert.Empty(judgement.Rows);
    }

    [Fact]
    public void A_class_of_a_few_frames_is_left_out_by_name()
    {
        var judgement = LabelJudge.Judge([.. Drawn("a", 20), .. Drawn("b", 20), .. Drawn("rare", 2)], 1, (_, _) => { }, TestContext.Current.CancellationToken);
        Assert.Equal(["a", "b"], judgement.Classes);
        Assert.Equal(40, judgement.Rows.Count);
        Assert.StartsWith("rare has fewer than 5 frames", judgement.Note, StringComparison.Ordinal);
    }

    /// <summary>Four in five of the mistakes that were planted, and seven in ten of what is named is one: on a twentieth of the labels, wherever they fall.</summary>
    [Fact]
    public void Planted_label_errors_on_steel_are_found()
    {
        using var space = EmbeddingSpace.Of("squeezenet", File.ReadAllBytes(NeuSteel.Model("squeezenet1.1_imagenet_fp32.onnx")), NeuSteel.SqueezeNet);
        var pictures = new[] { "train", "val", "test" }.SelectMany(NeuSteel.Pictures).ToArray();
        var embeddings = pictures.Select((picture, i) => space.Describe($"{i}", picture.Jpeg).Embedding!).ToArray();
        for (var seed = 1; seed <= 3; seed++)
        {
            var random = new Random(seed);
            var planted = Enumerable.Range(0, pictures.Length).OrderBy(_ => random.Next()).Take(pictures.Length / 20).ToHashSet();
            JudgedExample[] examples = [.. pictures.Select((picture, i) => new JudgedExample(embeddings[i], planted.Contains(i) ? Other(picture.Class, random) : picture.Class, $"{i}"))];
            var judgement = LabelJudge.Judge(examples, 2, (_, _) => { }, TestContext.Current.CancellationToken);
            var suspects = ConfidentLearning.Suspects(judgement.Labels, judgement.Probabilities, judgement.Classes.Count).Select(suspect => judgement.Rows[suspect.Row]).ToArray();
            var found = suspects.Count(planted.Contains);
            var (recall, precision) = (found / (double)planted.Count, found / (double)suspects.Length);
            TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {planted.Count} planted, {suspects.Length} named, recall {recall:p1}, precision {precision:p1}");
            Assert.True(recall >= 0.8 && precision >= 0.7, $"seed {seed}: recall {recall:p1}, precision {precision:p1}");
        }
    }

    private static string Other(string name, Random random) => NeuSteel.Classes.Where(other => other != name).ElementAt(random.Next(NeuSteel.Classes.Count - 1));

    private static IEnumerable<JudgedExample> Drawn(string name, int count)
    {
        var random = new Random(name[0]);
        return Enumerable.Range(0, count).Select(i => new JudgedExample([(name == "a" ? 1 : -1) + random.NextSingle(), random.NextSingle(), random.NextSingle()], name, $"{name}{i}"));
    }
}

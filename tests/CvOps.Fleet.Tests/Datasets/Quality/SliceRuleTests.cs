using System.Globalization;
using CvOps.Fleet.Datasets.Quality.Pictures;
using CvOps.Fleet.Datasets.Quality.Slices;
using CvOps.Fleet.Tests.Trainer;
using CvOps.Heads;
using CvOps.Statistics;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Datasets.Quality;

public sealed class SliceRuleTests
{
    /// <summary>Two slices and one class: the statistic is (n - 1) / n times Pearson's chi-square of the 2 x 2 table.</summary>
    [Fact]
    public void Two_slices_of_one_class_are_pearsons_test()
    {
        var table = new StratifiedRates(["a", "b"], Frames("x", "a", 40, 10).Concat(Frames("x", "b", 25, 25)).Select(frame => (frame.Class, frame.Slices["kind"], frame.Right)));
        // 9.7912 with one degree of freedom.
        Assert.Equal(0.001753, table.P(), 6);
        Assert.Equal(table.P(), table.P("a"), 1e-12);
    }

    /// <summary>All of the difference is that slice b holds the hard class: classes being equal there is none.</summary>
    [Fact]
    public void A_slice_with_more_of_a_hard_class_does_not_hurt()
    {
        JudgedFrame[] frames = [.. Frames("easy", "a", 90, 10), .. Frames("hard", "a", 10, 10), .. Frames("easy", "b", 18, 2), .. Frames("hard", "b", 50, 50)];
        var kind = Assert.Single(SliceRule.Report("test", frames)!.Kinds);
        Assert.False(kind.Hurts);
        Assert.Equal(1, kind.P, 6);
    }

    [Fact]
    public void The_slice_that_hurts_is_named_with_its_interval()
    {
        JudgedFrame[] frames = [.. Frames("x", "top", 90, 10), .. Frames("x", "left", 92, 8), .. Frames("x", "right", 60, 40)];
        var kind = Assert.Single(SliceRule.Report("test", frames)!.Kinds);
        Assert.True(kind.Hurts);
        Assert.Equal("right", Assert.Single(kind.Slices, slice => slice.Worse).Value);
        Assert.Equal("right", kind.Slices[0].Value);
        Assert.InRange(kind.Slices[0].Accuracy, kind.Slices[0].Low, kind.Slices[0].High);
    }

    [Fact]
    public void Of_a_hundred_kinds_without_a_difference_hardly_one_is_named()
    {
        var random = new Random(4);
        var frames = Enumerable.Range(0, 400).Select(_ => new JudgedFrame("x", random.NextDouble() < 0.8, Enumerable.Range(0, 100).ToDictionary(kind => $"{kind}", _ => $"{random.Next(4)}"))).ToArray();
        Assert.InRange(SliceRule.Report("test", frames)!.Kinds.Count(kind => kind.Hurts), 0, 1);
    }

    [Fact]
    public void Few_frames_and_a_single_slice_say_nothing()
    {
        Assert.Null(SliceRule.Report("test", []));
        Assert.Empty(SliceRule.Report("test", [.. Frames("x", "a", 9, 0), .. Frames("x", "b", 0, 9)])!.Kinds);
        Assert.Empty(SliceRule.Report("test", [.. Frames("x", "a", 50, 9)])!.Kinds);
        Assert.False(Assert.Single(SliceRule.Report("test", [.. Frames("x", "a", 30, 0), .. Frames("y", "b", 0, 30)])!.Kinds).Hurts);
    }

    [Fact]
    public void Holm_multiplies_the_smallest_by_how_many_there_are_and_keeps_their_order() =>
        Assert.Equal([0.06, 0.03, 0.06, 0.8], SliceRule.Holm([0.02, 0.0075, 0.03, 0.8]).Select(p => Math.Round(p, 9)));

    /// <summary>Magnet tiles under six exposures: a head that learned under the first alone is worse under the others, and one that learned under all is not.</summary>
    [Fact, Trait("tier", "slow")]
    public void Exposure_is_found_as_the_slice_that_hurts_a_model_that_has_seen_one()
    {
        using var space = EmbeddingSpace.Of("squeezenet", File.ReadAllBytes(NeuSteel.Model("squeezenet1.1_imagenet_fp32.onnx")), NeuSteel.SqueezeNet);
        var tiles = MagneticTiles.Read(space);
        var learned = tiles.Where(tile => tile.Exposure == "1").ToArray();
        var one = Report(tiles, learned);
        TestContext.Current.TestOutputHelper?.WriteLine(Words(one));
        var exposure = one.Kinds.Single(kind => kind.Kind == "exposure");
        Assert.True(exposure.Hurts, Words(one));
        Assert.Contains(exposure.Slices[0].Value, (string[])["5", "6"]);
        Assert.False(one.Kinds.Single(kind => kind.Kind == "chance").Hurts, Words(one));

        var all = Report(tiles, tiles);
        TestContext.Current.TestOutputHelper?.WriteLine(Words(all));
        Assert.False(all.Kinds.Single(kind => kind.Kind == "exposure").Hurts, Words(all));
    }

    /// <summary>Each tile is judged by a head that learned from tiles of other groups of parts.</summary>
    private static Contracts.Api.SliceReport Report(IReadOnlyList<MagneticTile> tiles, IReadOnlyList<MagneticTile> learned)
    {
        string[] classes = [.. tiles.Select(tile => tile.Class).Distinct().Order(StringComparer.Ordinal)];
        var frames = new List<JudgedFrame>();
        var random = new Random(9);
        for (var fold = 0; fold < 5; fold++)
        {
            var from = learned.Where(tile => tile.Group % 5 != fold).ToArray();
            var head = HeadFit.Fit(new Samples([.. from.Select(tile => tile.Embedding)], [.. from.Select(tile => Array.IndexOf(classes, tile.Class))], classes.Length), new FitOptions(0.3), null, TestContext.Current.CancellationToken).Head;
            foreach (var tile in tiles.Where(tile => tile.Group % 5 == fold))
                frames.Add(new JudgedFrame(tile.Class, classes[head.Top(tile.Embedding)] == tile.Class, new Dictionary<string, string> { ["exposure"] = tile.Exposure, ["chance"] = $"{random.Next(6)}" }));
        }
        return SliceRule.Report("test", frames)!;
    }

    private static string Words(Contracts.Api.SliceReport report) => string.Join('\n', report.Kinds.Select(kind => string.Create(CultureInfo.InvariantCulture,
        $"{kind.Kind} p {kind.P:0.0000}: {string.Join(", ", kind.Slices.Select(slice => string.Create(CultureInfo.InvariantCulture, $"{slice.Value} {slice.Accuracy:0.00} [{slice.Low:0.00}, {slice.High:0.00}] of {slice.Frames}{(slice.Worse ? " worse" : "")}")))}")));

    private static IEnumerable<JudgedFrame> Frames(string name, string slice, int right, int wrong) =>
        Enumerable.Range(0, right + wrong).Select(i => new JudgedFrame(name, i < right, new Dictionary<string, string> { ["kind"] = slice }));
}

/// <param name="Group">Of parts; pictures of a part are in one.</param>
internal sealed record MagneticTile(string Class, string Exposure, int Group, float[] Embedding);

/// <summary>Photographs of magnet tiles under six exposures, from CVOPS_DATA.</summary>
internal static class MagneticTiles
{
    public static IReadOnlyList<MagneticTile> Read(EmbeddingSpace space)
    {
        var lines = File.ReadAllLines(TestData.Require("magnetic-tile", "labels.csv"));
        var names = lines[0].Split(',');
        int Column(string name) => Array.IndexOf(names, name);
        return [.. lines.Skip(1).Select(line => line.Split(',')).Select(cells => new MagneticTile(cells[Column("class")], cells[Column("exposure")], int.Parse(cells[Column("group")], CultureInfo.InvariantCulture),
            space.Describe(cells[0], File.ReadAllBytes(TestData.Require(["magnetic-tile", .. cells[0].Split('/')]))).Embedding!))];
    }
}

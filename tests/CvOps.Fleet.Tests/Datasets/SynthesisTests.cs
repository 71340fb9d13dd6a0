using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets.Synthesis;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Training.Policy;
using CvOps.Vision;
using Dapper;

namespace CvOps.Fleet.Tests.Datasets;

public sealed class SynthesisTests
{
    [Fact]
    public async Task A_defect_is_pasted_where_its_label_says_and_the_frame_says_what_it_was_made_from()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync(Picture(fleet, "good", 200) with { Label = Label(PartVerdict.Ok) }, Defect(fleet, "spot"));

        var result = await MakeAsync(fleet, new(SyntheticKind.CutPaste, 5, "tester"));
        var made = await FramesAsync(fleet);

        Assert.Equal((5, 0, 5), (result.Made, result.Known, result.Classes["dent"]));
        Assert.All(made, frame =>
        {
            Assert.Equal((LabelState.Labelled, FrameUse.Training, PartVerdict.Ng, SyntheticKind.CutPaste), (frame.State, frame.Use, frame.Label!.Verdict, frame.Synthetic!.Kind));
            Assert.Equal(["good", "spot"], frame.Synthetic.Sources.Select(source => source.FrameId));
            var box = Assert.Single(frame.Label.Boxes);
            var picture = JpegCodec.Decode(File.ReadAllBytes(fleet.Blobs.PathOf(frame.ImageDigest)));
            // The dark spot of the donor is dark in the middle of its box, and its surroundings are those of the picture below.
            Assert.InRange(Grey(picture, box.X + (box.Width / 2), box.Y + (box.Height / 2)), 60, 140);
            Assert.InRange(Grey(picture, box.X < 20 ? 60 : 2, box.Y < 20 ? 60 : 2), 190, 210);
        });
        Assert.True(made.Select(frame => frame.ImageDigest).Distinct().Count() == 5);
        Assert.Equal((0, 5), ((await MakeAsync(fleet, new(SyntheticKind.CutPaste, 5, "another"))).Made, (await FramesAsync(fleet)).Length));
    }

    [Fact]
    public async Task An_augmented_frame_keeps_its_class_and_what_is_drawn_moves_along()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync(Defect(fleet, "bad"));

        await MakeAsync(fleet, new(SyntheticKind.Augmentation, 1, "tester") { Operations = ["mirror"] });
        var frame = Assert.Single(await FramesAsync(fleet));

        Assert.Equal(new LabelBox("dent", 64 - 8 - 16, 20, 16, 16), Assert.Single(frame.Label!.Boxes));
        Assert.Equal([64 - 10.0, 22, 64 - 20.0, 22, 64 - 20.0, 30], Assert.Single(frame.Label.Polygons!).Points);
        var picture = JpegCodec.Decode(await File.ReadAllBytesAsync(fleet.Blobs.PathOf(frame.ImageDigest), TestContext.Current.CancellationToken));
        Assert.InRange(Grey(picture, 64 - 16, 28), 0, 60);
        Assert.InRange(Grey(picture, 16, 28), 140, 160);
        Assert.Equal(("mirror", "bad"), (frame.Synthetic!.Recipe, frame.Synthetic.Sources[0].FrameId));
    }

    [Fact]
    public async Task Golden_frames_are_no_source_and_synthetic_frames_never_golden()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync(Defect(fleet, "judge") with { Use = FrameUse.Golden, Part = "p" }, Defect(fleet, "same-part", grey: 140) with { Part = "p" });
        var synthesizer = new Synthesizer(fleet.Database, fleet.Blobs, new FleetEvents(), TimeProvider.System);

        var (_, refusal) = await synthesizer.RunAsync(new(SyntheticKind.Augmentation, 1, "tester"), (_, _) => { }, TestContext.Current.CancellationToken);
        Assert.Contains("Golden frames, and what shows their parts, are never a source", refusal, StringComparison.Ordinal);

        await fleet.AddAsync(Defect(fleet, "free", grey: 120));
        await MakeAsync(fleet, new(SyntheticKind.Augmentation, 3, "tester"));
        Assert.All(await FramesAsync(fleet), frame => Assert.Equal(FrameUse.Training, GoldenRule.Decide(frame with { Reasons = [new("audit", 1)] }, 1)));
        Assert.True(await fleet.Database.ReadAsync(connection => FrameTable.IsSynthetic(connection, connection.ExecuteScalar<string>("SELECT image FROM frames WHERE synthetic = 1 LIMIT 1")!), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Synthetic_frames_are_for_training_alone_and_only_while_their_sources_are_and_stay_as_they_were()
    {
        using var fleet = new Frozen();
        FrameView[] sources = [.. Enumerable.Range(0, 12).Select(i => Defect(fleet, $"s{i:00}", grey: (byte)(90 + (8 * i))))];
        await fleet.AddAsync(sources);
        await MakeAsync(fleet, new(SyntheticKind.Augmentation, 12, "tester") { Operations = ["exposure"] });
        var shares = new SplitShares(0.5, 0.25, 0.25);

        var view = await fleet.FreezeAsync(Frozen.Request(shares));
        var entries = fleet.Entries(view);
        var synthetic = entries.Values.Where(entry => entry.Synthetic is not null).ToArray();
        Assert.Equal((synthetic.Length, 12 - synthetic.Length), (view.Synthetic!.Value, view.LeftOut!["is made from a frame that is not for training"]));
        Assert.InRange(synthetic.Length, 1, 11);
        Assert.All(synthetic, entry => Assert.Equal((DatasetSplit.Train, DatasetSplit.Train, entries[entry.Synthetic!.Sources[0].FrameId].Group), (entry.Split, entries[entry.Synthetic.Sources[0].FrameId].Split, entry.Group)));
        Assert.Equal(12, (await fleet.FreezeAsync(Frozen.Request() with { Synthetic = false })).Frames);

        // One source gets another label, one becomes golden, and one's part does.
        await fleet.LabelAsync(sources[0], "other", Frozen.At.AddHours(1));
        await fleet.Database.WriteAsync(connection => connection.Execute("UPDATE frames SET usage = 1, body = replace(body, '\"use\":\"Training\"', '\"use\":\"Golden\"') WHERE id = 's01'"), TestContext.Current.CancellationToken);
        await fleet.AddAsync(fleet.Frame("judge") with { Use = FrameUse.Golden, Part = sources[2].Part });
        var later = await fleet.FreezeAsync();
        Assert.Equal((9, 1, 2), (later.Synthetic!.Value, later.LeftOut!["is made from a frame that is labelled otherwise since"], later.LeftOut["is made from what the golden set shows"]));
    }

    [Fact]
    public async Task What_a_machine_labelled_counts_as_no_new_label()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync(Defect(fleet, "bad"));
        await MakeAsync(fleet, new(SyntheticKind.Augmentation, 8, "tester"));

        var (facts, _) = await fleet.Database.ReadAsync(connection => RetrainingTable.Facts(connection, new RetrainingPolicy { Model = "steel", By = "tester" }, Frozen.At), TestContext.Current.CancellationToken);

        Assert.Equal(1, facts.NewLabels);
    }

    [Theory]
    [InlineData(SyntheticKind.Augmentation, 0, null, null, "'count' is from 1 to")]
    [InlineData(SyntheticKind.Augmentation, 1, "melt", null, "'operations' are some of mirror, exposure, noise, blur")]
    [InlineData(SyntheticKind.CutPaste, 1, "blur", null, "'operations' are of augmentations")]
    [InlineData(SyntheticKind.Augmentation, 1, null, "free", "'onto' is for defects")]
    public void A_request_that_makes_no_sense_is_refused_with_a_sentence(SyntheticKind kind, int count, string? operation, string? onto, string says) =>
        Assert.Contains(says, Assert.Single(SynthesisRule.Mistakes(new(kind, count, "tester") { Operations = operation is null ? null : [operation], Onto = onto })), StringComparison.Ordinal);

    [Fact]
    public async Task Nothing_to_cut_and_nothing_to_paste_into_are_told_apart()
    {
        using var fleet = new Frozen();
        var synthesizer = new Synthesizer(fleet.Database, fleet.Blobs, new FleetEvents(), TimeProvider.System);
        Task<(SynthesisResult? Result, string? Refusal)> Try(string? onto = null) => synthesizer.RunAsync(new(SyntheticKind.CutPaste, 1, "tester") { Onto = onto }, (_, _) => { }, TestContext.Current.CancellationToken);

        await fleet.AddAsync(Picture(fleet, "good", 200));
        Assert.Contains("has a box or outline to cut out", (await Try()).Refusal, StringComparison.Ordinal);
        await fleet.AddAsync(Defect(fleet, "bad"));
        Assert.Contains("name the class of good pictures in 'onto'", (await Try()).Refusal, StringComparison.Ordinal);
        Assert.Contains("No training frame of class 'free'", (await Try("free")).Refusal, StringComparison.Ordinal);
        Assert.Equal(1, (await Try("ok")).Result!.Made);
    }

    private static async Task<SynthesisResult> MakeAsync(Frozen fleet, SynthesisRequest request)
    {
        Assert.Empty(SynthesisRule.Mistakes(request));
        var (result, refusal) = await new Synthesizer(fleet.Database, fleet.Blobs, new FleetEvents(), TimeProvider.System).RunAsync(request, (_, _) => { }, TestContext.Current.CancellationToken);
        return result ?? throw new InvalidOperationException(refusal);
    }

    private static Task<FrameView[]> FramesAsync(Frozen fleet) => fleet.Database.ReadAsync(
        connection => connection.Query<string>("SELECT body FROM frames WHERE synthetic = 1 ORDER BY id").Select(FrameTable.Parse).ToArray(), TestContext.Current.CancellationToken);

    private static FrameLabel Label(PartVerdict? verdict, params LabelBox[] boxes) => new(null, boxes, "test", Frozen.At, null, verdict);

    /// <summary>64 x 64 of one grey.</summary>
    private static FrameView Picture(Frozen fleet, string id, byte grey, Action<byte[]>? draw = null)
    {
        var pixels = new byte[64 * 64];
        Array.Fill(pixels, grey);
        draw?.Invoke(pixels);
        return fleet.Frame(id) with { ImageDigest = fleet.Blobs.Put(JpegCodec.Encode(new PictureView(pixels, 64, 64, PixelFormat.Grey8), 95)), Width = 64, Height = 64 };
    }

    /// <summary>A dark spot of 16 x 16 at 8, 20, and an outline.</summary>
    private static FrameView Defect(Frozen fleet, string id, byte grey = 150) => Picture(fleet, id, grey, pixels =>
    {
        for (var y = 20; y < 36; y++) Array.Fill(pixels, (byte)(grey - 110 < 0 ? 0 : grey - 110), (y * 64) + 8, 16);
    }) with { Label = Label(PartVerdict.Ng, new LabelBox("dent", 8, 20, 16, 16)) with { Polygons = id == "bad" && grey == 150 ? [new LabelPolygon("dent", [10, 22, 20, 22, 20, 30])] : null } };

    private static int Grey(DecodedPicture picture, double x, double y) => picture.Bgr[((int)y * picture.Width + (int)x) * 3];
}

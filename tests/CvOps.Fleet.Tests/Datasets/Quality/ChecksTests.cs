using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Datasets.Grouping;
using CvOps.Fleet.Datasets.Quality.Checks;
using CvOps.Fleet.Datasets.Quality.Labels;
using CvOps.Fleet.Datasets.Quality.Pictures;

namespace CvOps.Fleet.Tests.Datasets.Quality;

public sealed class ChecksTests
{
    [Fact]
    public void Pictures_that_can_not_be_shown_are_errors_and_constant_ones_warnings()
    {
        var findings = Run(list => PictureCheck.Find(
        [
            Frame("sound"), Frame("broken") with { Trait = new PictureTrait("broken", "The JPEG is damaged: premature end.") },
            Frame("other-size") with { Width = 64 }, Frame("grey") with { Trait = Trait("grey", null) }, Frame("unseen") with { Trait = null },
        ], list));
        Assert.Equal(["broken", "other-size", "grey"], findings.Select(finding => finding.Frames.Single()));
        Assert.Equal([FindingLevel.Error, FindingLevel.Error, FindingLevel.Warning], findings.Select(finding => finding.Level));
        Assert.Contains("premature end", findings[0].What, StringComparison.Ordinal);
    }

    [Fact]
    public void Boxes_out_of_the_picture_tiny_ones_and_those_drawn_twice_are_found()
    {
        var findings = Run(list => ShapeCheck.Find(
        [
            Boxed("inside", new LabelBox("dent", 0, 0, 32, 32)), Boxed("outside", new LabelBox("dent", 20, 4, 30, 10)), Boxed("left", new LabelBox("dent", -9, 4, 20, 10)),
            Boxed("tiny", new LabelBox("dent", 4, 4, 0.5, 10)), Boxed("twice", new LabelBox("dent", 4, 4, 10, 10), new LabelBox("dent", 4, 4, 10.1, 10)), Boxed("two", new LabelBox("dent", 4, 4, 10, 10), new LabelBox("rust", 4, 4, 10, 10)),
            Frame("outline") with { Label = new FrameLabel(null, [], "t", default, [new LabelPolygon("dent", [0, 0, 10, 0, 10, 90])]) },
        ], list));
        Assert.Equal(["outside", "left", "tiny", "twice", "outline"], findings.Select(finding => finding.Frames.Single()));
    }

    [Fact]
    public void Names_that_differ_by_case_and_a_form_that_hardly_any_label_has_are_found()
    {
        CheckedFrame[] frames = [.. Enumerable.Range(0, 40).Select(i => Frame($"f{i:00}", i == 7 ? "Rolled-in Scale" : i % 2 == 0 ? "rolled_in_scale" : "patches")), Boxed("boxed", new LabelBox("patches", 1, 1, 5, 5))];
        var findings = Run(list => SchemaCheck.Find(frames, list));
        Assert.Equal(2, findings.Count);
        Assert.Equal(["f07"], findings[0].Frames);
        Assert.Equal(FindingLevel.Error, findings[0].Level);
        Assert.Equal(["boxed"], findings[1].Frames);
        Assert.Empty(Run(list => SchemaCheck.Find([], list)));
    }

    [Fact]
    public void One_class_few_frames_of_one_and_classes_that_are_not_judged_are_said()
    {
        var single = Assert.Single(Run(list => BalanceCheck.Find([Frame("a", "x"), Frame("b", "x")], list)));
        Assert.Equal(FindingLevel.Error, single.Level);
        Assert.Contains("of one class nothing can be learned", single.What, StringComparison.Ordinal);
        Assert.Empty(Run(list => BalanceCheck.Find([Frame("a", null)], list)));

        CheckedFrame[] frames = [.. Enumerable.Range(0, 300).Select(i => Frame($"m{i}", "many") with { Split = i % 5 == 0 ? "test" : "train" }), .. Enumerable.Range(0, 12).Select(i => Frame($"s{i}", "some")), Frame("lone", "rare") with { Split = "test" }];
        var findings = Run(list => BalanceCheck.Find(frames, list));
        Assert.Contains(findings, finding => finding is { Level: FindingLevel.Error } && finding.What.Contains("Class 'rare' has one frame", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.What.Contains("25 times", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.What.Contains("Class 'some' has no frame in test", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.What.Contains("Class 'rare' has no frame in train", StringComparison.Ordinal));
    }

    [Fact]
    public void Duplicates_are_found_by_file_and_by_likeness_and_contradictions_come_first()
    {
        CheckedFrame[] frames =
        [
            Frame("one", "x") with { Image = "same" }, Frame("two", "x") with { Image = "same" }, Frame("made", "x") with { Image = "same", IsSynthetic = true },
            Frame("near-1", "x") with { Trait = Trait("near-1", 0xF0F0_0000_0000_0000) }, Frame("near-2", "x") with { Trait = Trait("near-2", 0xF0F0_0000_0000_0011) },
            Frame("says-x", "x") with { Image = "both" }, Frame("says-y", "y") with { Image = "both" }, Frame("says-x-too", "x") with { Image = "both" },
        ];
        var findings = Run(list => DuplicateCheck.Find(frames, NearPairs.Groups(frames), list));
        Assert.Equal(["one", "two"], findings.Single(finding => finding.Kind == QualityKind.ExactDuplicate).Frames);
        Assert.Equal(["near-1", "near-2"], findings.Single(finding => finding.Kind == QualityKind.NearDuplicate).Frames);
        var conflict = findings.Single(finding => finding.Kind == QualityKind.LabelConflict);
        Assert.Equal(("says-y", "x", FindingLevel.Error), (conflict.Frames[0], conflict.Suggested, conflict.Level));
    }

    [Fact]
    public void Hashes_up_to_four_bits_apart_are_near_wherever_the_bits_are_and_unlike_embeddings_part_them()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var hash = (ulong)random.NextInt64();
            var other = hash;
            while (PerceptualHash.Distance(hash, other) < round % 6) other ^= 1UL << random.Next(64);
            CheckedFrame[] frames = [Frame("a") with { Image = "a", Trait = Trait("a", hash) }, Frame("b") with { Image = "b", Trait = Trait("b", other) }];
            Assert.Equal(round % 6 <= 4 ? 1 : 0, NearPairs.Groups(frames).Count);
            frames[1] = frames[1] with { Trait = frames[1].Trait! with { Code = [.. Enumerable.Repeat((sbyte)40, 64)] } };
            frames[0] = frames[0] with { Trait = frames[0].Trait! with { Code = [.. Enumerable.Repeat((sbyte)-40, 64)] } };
            Assert.Empty(NearPairs.Groups(frames));
        }
    }

    [Fact]
    public void A_part_a_burst_a_file_and_a_near_picture_on_both_sides_leak()
    {
        CheckedFrame[] frames =
        [
            Frame("p1") with { Part = "P" }, Frame("p2") with { Part = "P", Split = "golden" },
            Frame("b1") with { Group = FrameGroups.BurstPrefix + "d/c@1" }, Frame("b2") with { Group = FrameGroups.BurstPrefix + "d/c@1", Split = "test" },
            Frame("f1") with { Image = "file" }, Frame("f2") with { Image = "file", Split = "validation" },
            Frame("n1") with { Trait = Trait("n1", 0xFFFF_0000_0000_0000) }, Frame("n2") with { Trait = Trait("n2", 0xFFFF_0000_0000_0001), Split = "golden" },
            Frame("q1") with { Part = "Q" }, Frame("q2") with { Part = "Q" }, Frame("u1") with { Part = "U" }, Frame("u2", null) with { Part = "U", Split = "golden" },
        ];
        var findings = Run(list => LeakageCheck.Find(frames, NearPairs.Groups(frames), list));
        Assert.Equal(["b2", "f2", "n2", "p2"], findings.Select(finding => finding.Frames[0]).Order());
        Assert.All(findings, finding => Assert.Equal(FindingLevel.Error, finding.Level));
    }

    /// <summary>The devices say under which exposure they take pictures; their models' answers are held against the labels.</summary>
    [Fact]
    public void A_device_label_that_hurts_is_a_finding_with_the_frames_that_were_wrong()
    {
        var random = new Random(6);
        CheckedFrame[] frames =
        [
            .. Enumerable.Range(0, 240).Select(i => Frame($"e{i}", i % 2 == 0 ? "free" : "crack") with
            {
                Labels = new Dictionary<string, string> { ["exposure"] = $"{i % 3}", ["line"] = $"{random.Next(2)}" }, Camera = "d/top",
                Prediction = new Prediction { Class = random.NextDouble() < (i % 3 == 2 ? 0.5 : 0.95) == (i % 2 == 0) ? "free" : "crack", Confidence = 0.9 },
            }),
        ];
        var list = new FindingList();
        var report = SliceCheck.Find(frames, [], new LabelJudgement([], [], [], [], null), list);
        Assert.Equal("the models that ran on the devices", report!.Judge);
        var finding = Assert.Single(list.All);
        Assert.StartsWith("Accuracy depends on exposure", finding.What, StringComparison.Ordinal);
        Assert.Contains(": 2 ", finding.What, StringComparison.Ordinal);
        Assert.All(finding.Frames, id => Assert.Equal(2, int.Parse(id[1..], System.Globalization.CultureInfo.InvariantCulture) % 3));
        Assert.Null(SliceCheck.Find([], [], new LabelJudgement([], [], [], [], null), list));
    }

    [Fact]
    public void The_same_finding_has_the_same_id_in_every_check()
    {
        CheckedFrame[] frames = [Frame("one", "x") with { Image = "same" }, Frame("two", "x") with { Image = "same" }];
        Assert.Equal(Run(list => DuplicateCheck.Find(frames, [], list)).Single().Id, Run(list => DuplicateCheck.Find([.. frames, Frame("three", "y")], [], list)).Single().Id);
    }

    private static IReadOnlyList<QualityFinding> Run(Action<FindingList> check)
    {
        var list = new FindingList();
        check(list);
        return list.All;
    }

    private static CheckedFrame Frame(string id, string? label = "x") => new()
    {
        Id = id, Image = id, Label = label is null ? null : new FrameLabel(label, [], "t", default), Width = 32, Height = 32, Group = "picture:" + id, Split = "train", Trait = Trait(id, (ulong)id.GetHashCode(StringComparison.Ordinal) * 0x9E37_79B9_7F4A_7C15 ^ ((ulong)id.Length << 40) * 0x1234_5678_9ABC_DEF1),
    };

    private static CheckedFrame Boxed(string id, params LabelBox[] boxes) => Frame(id) with { Label = new FrameLabel(null, boxes, "t", default) };

    private static PictureTrait Trait(string image, ulong? hash) => new(image, null) { Width = 32, Height = 32, Hash = hash, Brightness = 100, Contrast = 20 };
}

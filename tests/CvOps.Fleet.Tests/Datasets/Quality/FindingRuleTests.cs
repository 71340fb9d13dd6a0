using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Quality;
using CvOps.Fleet.Tests.Frames;

namespace CvOps.Fleet.Tests.Datasets.Quality;

public sealed class FindingRuleTests
{
    [Fact]
    public void A_suspected_label_and_a_bad_box_are_settled_by_a_label_or_a_drop_and_by_no_opinion()
    {
        foreach (var kind in new[] { QualityKind.LabelSuspect, QualityKind.Shape })
        {
            Assert.True(Settled(kind, Frame("a", "ok")));
            Assert.True(Settled(kind, Frame("a", null, LabelState.Skipped)));
            Assert.False(Settled(kind, Frame("a", null, LabelState.Review)));
        }
        Assert.False(Settled(QualityKind.Picture, Frame("a", "ok")));
        Assert.True(Settled(QualityKind.Picture, Frame("a", null, LabelState.Skipped)));
    }

    [Fact]
    public void Duplicates_are_settled_when_one_of_them_is_left()
    {
        Assert.False(Settled(QualityKind.NearDuplicate, Frame("a", null, LabelState.Skipped), Frame("b", "ok"), Frame("c", "ok")));
        Assert.True(Settled(QualityKind.NearDuplicate, Frame("a", null, LabelState.Skipped), Frame("b", null, LabelState.Skipped), Frame("c", "ok")));
        Assert.False(FindingRule.IsSettled(new QualityFinding("1", QualityKind.ExactDuplicate, FindingLevel.Warning, "", "", ["a"], 30), "a", [Frame("a", null, LabelState.Skipped)]));
    }

    [Fact]
    public void Labels_that_disagree_are_settled_when_they_agree_or_the_others_are_dropped()
    {
        Assert.False(Settled(QualityKind.LabelConflict, Frame("a", "ok"), Frame("b", "dent")));
        Assert.True(Settled(QualityKind.LabelConflict, Frame("a", "dent"), Frame("b", "dent")));
        Assert.True(Settled(QualityKind.LabelConflict, Frame("a", null, LabelState.Skipped), Frame("b", "dent")));
        Assert.False(Settled(QualityKind.Balance, Frame("a", "dent")));
    }

    /// <summary>The first frame is the one that was acted on.</summary>
    private static bool Settled(QualityKind kind, params FrameView[] frames) =>
        FindingRule.IsSettled(new QualityFinding("1", kind, FindingLevel.Warning, "", "", [.. frames.Select(frame => frame.Id)], frames.Length), frames[0].Id, frames);

    private static FrameView Frame(string id, string? label, LabelState state = LabelState.Labelled) =>
        FrameRows.View(id) with { State = state, Label = label is null ? null : new FrameLabel(label, [], "Ann", FrameRows.Noon) };
}

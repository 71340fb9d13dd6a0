using CvOps.Contracts.Api;
using CvOps.Fleet.Frames.Annotators;

namespace CvOps.Fleet.Tests.Frames.Annotators;

public sealed class ConsensusRuleTests
{
    [Fact]
    public void Too_few_opinions_wait()
    {
        Assert.Equal(LabelState.Unlabelled, Decide(2, Says("Ann", "dent")).State);
    }

    [Fact]
    public void Two_who_agree_make_the_label_and_both_are_named()
    {
        var consensus = Decide(2, Says("Bea", "dent"), Says("Ann", "dent"));
        Assert.Equal((LabelState.Labelled, "dent", "Ann, Bea"), (consensus.State, consensus.Label!.Class, consensus.Label.By));
    }

    [Fact]
    public void Two_who_disagree_go_to_review_with_who_says_what()
    {
        var consensus = Decide(2, Says("Ann", "dent"), Says("Bea", "scratch"));
        Assert.Equal((LabelState.Review, "The class: Ann says dent, Bea says scratch."), (consensus.State, consensus.Why));
    }

    [Fact]
    public void Two_of_three_decide_and_the_third_is_not_named()
    {
        var consensus = Decide(3, Says("Ann", "dent"), Says("Bea", "scratch"), Says("Cem", "dent"));
        Assert.Equal(("dent", "Ann, Cem"), (consensus.Label!.Class, consensus.Label.By));
    }

    [Fact]
    public void What_most_cannot_judge_is_skipped_and_a_tie_goes_to_review()
    {
        Assert.Equal(LabelState.Skipped, Decide(3, Skips("Ann"), Skips("Bea"), Says("Cem", "dent")).State);
        Assert.Equal("Ann can't judge it, Bea can.", Decide(2, Skips("Ann"), Says("Bea", "dent")).Why);
    }

    [Fact]
    public void Boxes_that_overlap_enough_become_one_in_the_middle_and_a_lone_one_of_three_goes()
    {
        var consensus = Decide(3,
            Draws("Ann", new LabelBox("dent", 10, 10, 20, 20)), Draws("Bea", new LabelBox("dent", 12, 10, 20, 20), new LabelBox("dent", 70, 70, 5, 5)), Draws("Cem", new LabelBox("dent", 11, 11, 20, 20)));
        Assert.Equal([new LabelBox("dent", 11, 10, 20, 20)], consensus.Label!.Boxes);
    }

    [Fact]
    public void A_box_of_one_in_two_or_of_another_class_goes_to_review()
    {
        Assert.Contains("Bea drew none", Decide(2, Draws("Ann", new LabelBox("dent", 10, 10, 20, 20)), Draws("Bea")).Why, StringComparison.Ordinal);
        Assert.Equal(LabelState.Review, Decide(2, Draws("Ann", new LabelBox("dent", 10, 10, 20, 20)), Draws("Bea", new LabelBox("scratch", 10, 10, 20, 20))).State);
        Assert.Equal(LabelState.Review, Decide(2, Draws("Ann", new LabelBox("dent", 10, 10, 20, 20)), Draws("Bea", new LabelBox("dent", 25, 10, 20, 20))).State);
    }

    [Fact]
    public void Each_of_two_boxes_beside_each_other_finds_its_own()
    {
        LabelBox[] ann = [new("dent", 0, 0, 10, 10), new("dent", 4, 0, 10, 10)];
        LabelBox[] bea = [new("dent", 4.2, 0, 10, 10), new("dent", 0.2, 0, 10, 10)];
        Assert.Equal(2, Decide(2, Draws("Ann", ann), Draws("Bea", bea)).Label!.Boxes.Count);
    }

    [Fact]
    public void Outlines_are_compared_by_what_they_enclose()
    {
        var square = new LabelPolygon("dent", [0, 0, 10, 0, 10, 10, 0, 10]);
        Assert.Equal(1.0 / 3, ShapeOverlap.Of(square, new LabelPolygon("dent", [5, 0, 15, 0, 15, 10, 5, 10])), 2);
        Assert.Equal(0.5, ShapeOverlap.Of(square, new LabelPolygon("dent", [0, 0, 10, 0, 0, 10])), 2);
        Assert.Equal(0, ShapeOverlap.Of(square, new LabelPolygon("dent", [20, 20, 30, 20, 30, 30])));
        var consensus = Decide(2, Outlines("Ann", square), Outlines("Bea", new LabelPolygon("dent", [0, 0, 10, 0, 10, 9, 0, 9])));
        Assert.Single(consensus.Label!.Polygons!);
    }

    [Fact]
    public void OK_and_NG_need_a_majority_too()
    {
        Assert.Equal(PartVerdict.Ng, Decide(2, Judges("Ann", PartVerdict.Ng), Judges("Bea", PartVerdict.Ng)).Label!.Verdict);
        Assert.Contains("The verdict: Ann says NG, Bea says OK", Decide(2, Judges("Ann", PartVerdict.Ng), Judges("Bea", PartVerdict.Ok)).Why, StringComparison.Ordinal);
    }

    private static Consensus Decide(int needed, params LabelOpinion[] opinions) => ConsensusRule.Decide(opinions, needed, 0.5, DateTimeOffset.UnixEpoch);

    private static LabelOpinion Says(string by, string name) => Opinion(by, new FrameLabel(name, [], by, DateTimeOffset.UnixEpoch));

    private static LabelOpinion Draws(string by, params LabelBox[] boxes) => Opinion(by, new FrameLabel(null, boxes, by, DateTimeOffset.UnixEpoch));

    private static LabelOpinion Outlines(string by, params LabelPolygon[] polygons) => Opinion(by, new FrameLabel(null, [], by, DateTimeOffset.UnixEpoch, polygons));

    private static LabelOpinion Judges(string by, PartVerdict verdict) => Opinion(by, new FrameLabel(null, [], by, DateTimeOffset.UnixEpoch, Verdict: verdict));

    private static LabelOpinion Skips(string by) => Opinion(by, null);

    private static LabelOpinion Opinion(string by, FrameLabel? label) => new(by, DateTimeOffset.UnixEpoch, label);
}

using CvOps.Agent.Programs;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Tests.Programs;

public sealed class TrialRuleTests
{
    private static readonly TimeSpan Soak = TimeSpan.FromMinutes(1);

    private static readonly ProgramBefore Before = new(["a", "b"], Link: true, Model: true);

    private static readonly CameraOnTrial[] Working = [new("a", CameraState.Live, 10), new("b", CameraState.Live, 3)];

    [Theory]
    [InlineData(59, TrialVerdict.GoesOn)]
    [InlineData(60, TrialVerdict.Passed)]
    public void A_program_that_is_as_good_as_the_one_before_passes_after_its_soak(int seconds, object verdict) => Assert.Equal(verdict, Decide(seconds, Working).Verdict);

    [Fact]
    public void What_is_missing_is_waited_for_and_then_speaks_against_it()
    {
        Assert.Equal((TrialVerdict.GoesOn, "the link to the fleet"), Decide(300, Working, link: false));
        Assert.Equal((TrialVerdict.Failed, "the link to the fleet"), Decide(361, Working, link: false));
        Assert.Equal((TrialVerdict.Failed, "a model in charge"), Decide(361, Working, model: false));
        Assert.Equal((TrialVerdict.Failed, "inspected frames of b"), Decide(361, [Working[0], new("b", CameraState.Live, 0)]));
    }

    [Fact]
    public void One_camera_that_says_it_is_away_is_chance_and_all_of_them_are_not()
    {
        Assert.Equal(TrialVerdict.Passed, Decide(60, [Working[0], new("b", CameraState.Lost, 0)]).Verdict);
        Assert.Equal((TrialVerdict.Failed, "frames of any camera that gave some before"), Decide(361, [new("a", CameraState.Connecting, 0), new("b", CameraState.Lost, 0)]));
    }

    [Fact]
    public void What_was_missing_before_is_not_asked_for()
    {
        var nothing = new ProgramBefore([], Link: false, Model: false);
        Assert.Equal(TrialVerdict.Passed, TrialRule.Decide(nothing, new TrialEvidence(Soak, false, false, [new("a", CameraState.Lost, 0)]), Soak).Verdict);
    }

    private static (TrialVerdict Verdict, string? Missing) Decide(int seconds, CameraOnTrial[] cameras, bool link = true, bool model = true) =>
        TrialRule.Decide(Before, new TrialEvidence(TimeSpan.FromSeconds(seconds), link, model, cameras), Soak);
}

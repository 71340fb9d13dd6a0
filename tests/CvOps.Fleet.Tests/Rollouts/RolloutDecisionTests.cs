using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class RolloutDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RolloutPlan Plan = Plans.Of(new RolloutRing("canary", Count: 1), new RolloutRing("everyone", Percent: 100));
    private static readonly GuardEvidence Unsure = new(RolloutMetric.Confidence, GuardTest.Lower, GuardAction.Pause, 1e6, 100, null, GuardComparison.Pairs, 0.01, 0.2);
    private static readonly RolloutEvidence Shifted = RolloutEvidence.None with { Parts = 500, Pairs = 500, Discordant = 40, Controls = 500, Guards = [Unsure], PauseAt = 100 };

    [Fact]
    public void A_rollout_that_a_shift_has_paused_goes_on_by_itself_when_judged_frames_have_answered()
    {
        var record = Paused(RolloutEvent.ShiftSeen);
        Assert.Equal(RolloutEvent.ResumedInSoak, RolloutVerbs.Answered(record));
        Assert.Null(RolloutDecision.Next(Situation(record, Shifted with { Judged = 3, PromoteEvidence = 5 }), out _));
        var step = RolloutDecision.Next(Situation(record, Shifted with { Judged = 40, PromoteEvidence = 5000 }), out _);
        Assert.Equal((RolloutEvent.ResumedInSoak, "the shift is answered: 40 judged frames say that the loss stays below 2 %"), (step!.Happened, step.Reason));
    }

    [Fact]
    public void A_persons_pause_is_a_persons_to_end()
    {
        var record = Paused(RolloutEvent.PauseAsked);
        Assert.Null(RolloutVerbs.Answered(record));
        Assert.Null(RolloutDecision.Next(Situation(record, Shifted with { PromoteEvidence = 5000 }), out _));
    }

    [Theory]
    [InlineData(RolloutEvent.Inconclusive)]
    [InlineData(RolloutEvent.DevicesOffline)]
    [InlineData(RolloutEvent.Expired)]
    public void A_pause_for_anything_but_a_shift_holds_whatever_judged_frames_say(object by)
    {
        var record = Paused((RolloutEvent)by);
        Assert.Null(RolloutDecision.Next(Situation(record, Shifted with { Judged = 40, PromoteEvidence = 5000, DisagreementEvidence = 1e6 }), out _));
    }

    [Fact]
    public void A_person_who_pauses_what_a_shift_has_paused_has_the_last_word()
    {
        var record = Paused(RolloutEvent.ShiftSeen);
        var to = RolloutMachine.Next(record.State, RolloutEvent.PauseAsked);
        record.History.Add(new RolloutTransition(Now, record.State, to, nameof(RolloutEvent.PauseAsked), "", "operator"));
        RolloutVerbs.Enter(record, record.State, to, RolloutEvent.PauseAsked, Now);
        Assert.Equal((RolloutState.Paused, RolloutState.Soaking), (to, record.PausedFrom));
        Assert.Null(RolloutVerbs.Answered(record));
        Assert.Equal(RolloutEvent.ResumedInSoak, RolloutVerbs.EventOf(RolloutVerb.Resume, record));
    }

    [Fact]
    public void Nothing_goes_on_by_itself_while_everything_is_stopped()
    {
        var situation = Situation(Paused(RolloutEvent.ShiftSeen), Shifted with { Judged = 40, PromoteEvidence = 5000 });
        Assert.Null(RolloutDecision.Next(situation with { Stand = situation.Stand with { Stopped = true } }, out _));
    }

    [Fact]
    public void What_judged_frames_speak_against_is_stopped_while_it_is_paused() =>
        Assert.Equal(RolloutEvent.GateStopped, RolloutDecision.Next(Situation(Paused(RolloutEvent.ShiftSeen), Shifted with { Judged = 40, StopEvidence = 1e6 }), out _)!.Happened);

    [Theory]
    [InlineData(RolloutState.Advancing)]
    [InlineData(RolloutState.Soaking)]
    [InlineData(RolloutState.AwaitingApproval)]
    [InlineData(RolloutState.Paused)]
    public void Canaries_that_fail_after_their_ring_has_passed_stop_the_rings_that_follow(RolloutState state)
    {
        var record = new RolloutRecord { Plan = Plan, Model = Plans.New, State = state, Ring = 1 };
        var failed = Situation(record, RolloutEvidence.None) with { Ring = 1, Stand = Stand(new(0, RolloutDeviceState.Failed, 1), new(1, RolloutDeviceState.Waiting, 5)) };
        var step = RolloutDecision.Next(failed, out _);
        Assert.Equal(RolloutEvent.GateStopped, step!.Happened);
        Assert.StartsWith("stopped: 1 of 1 devices of ring 'canary' failed to update, 0 are allowed", step.Reason, StringComparison.Ordinal);
        Assert.NotEqual(RolloutEvent.GateStopped, RolloutDecision.Next(failed with { Stand = Stand(new(0, RolloutDeviceState.Running, 1), new(1, RolloutDeviceState.Waiting, 5)) }, out _)?.Happened);
    }

    [Theory]
    [InlineData(RolloutState.Scheduled, RolloutState.Scheduled)]
    [InlineData(RolloutState.Shadowing, RolloutState.Shadowing)]
    [InlineData(RolloutState.AwaitingApproval, RolloutState.AwaitingApproval)]
    [InlineData(RolloutState.Canary, RolloutState.Canary)]
    [InlineData(RolloutState.Soaking, RolloutState.Canary)]
    public void A_retry_goes_on_where_the_rollout_was_paused_and_passes_neither_shadow_nor_approval(RolloutState pausedFrom, RolloutState then)
    {
        var record = new RolloutRecord { Plan = Plan, Model = Plans.New, State = RolloutState.Paused, PausedFrom = pausedFrom };
        Assert.Equal(then, RolloutMachine.Next(record.State, RolloutVerbs.EventOf(RolloutVerb.Retry, record)));
    }

    [Fact]
    public void A_rollout_does_not_end_while_a_device_of_an_earlier_ring_changes_and_pauses_when_that_takes_too_long()
    {
        var plan = Plan with { FirstInstallation = true, Soak = new Soak(0, 0, 600) };
        var record = new RolloutRecord { Plan = plan, Model = Plans.New, State = RolloutState.Soaking, Ring = 1 };
        var sums = new RolloutSums(new Dictionary<(int, string), ArmCounts[]> { [(1, "")] = [default, new ArmCounts([(ArmCounter.Parts, 100)]), default] });
        var late = Situation(record, RolloutEvidence.None with { Parts = 100 }) with
        {
            Plan = plan, Ring = 1, Stand = Stand(new(0, RolloutDeviceState.Running, 1), new(0, RolloutDeviceState.Assigned, 1), new(1, RolloutDeviceState.Running, 5)) with { Sums = sums },
        };
        Assert.Null(RolloutDecision.Next(late, out var waits));
        Assert.Equal("every ring has passed, and 1 device that came back late must take it over yet", waits);
        Assert.Equal(RolloutEvent.Inconclusive, RolloutDecision.Next(late with { Now = Now + TimeSpan.FromMinutes(10) }, out _)!.Happened);
        Assert.Equal(RolloutEvent.LastRingPassed, RolloutDecision.Next(late with { Stand = Stand(new(0, RolloutDeviceState.Running, 2), new(1, RolloutDeviceState.Running, 5)) with { Sums = sums } }, out _)!.Happened);
    }

    private static RolloutStand Stand(params RingTally[] tallies) => new(tallies, RolloutSums.None, Stopped: false);

    private static RolloutRecord Paused(RolloutEvent by) => new()
    {
        Plan = Plan, Model = Plans.New, State = RolloutState.Paused, PausedFrom = RolloutState.Soaking, SoakSince = Now, RingSince = Now,
        History = [new(Now, RolloutState.Soaking, RolloutState.Paused, by.ToString(), "", "rollout") { Evidence = Shifted }],
    };

    private static RolloutSituation Situation(RolloutRecord record, RolloutEvidence evidence) => new(
        Plan, record.State, 0, new RolloutStand([new RingTally(0, RolloutDeviceState.Running, 1)], RolloutSums.None, Stopped: false), evidence, Now + TimeSpan.FromMinutes(1), Now, Now) { Answered = RolloutVerbs.Answered(record) };
}

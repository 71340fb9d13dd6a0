using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class RolloutMachineTests
{
    /// <summary>Rows: states in order; columns: Start, RingTaken, RingPassed, LastRingPassed, Inconclusive, GateStopped, PauseAsked, ResumedInCanary,
    /// ResumedInAdvance, ResumedInSoak, RollbackAsked, AbortAsked, ReturnsAssigned, AllReturned. '.' = refused; letters by <see cref="Letter"/>.</summary>
    private static readonly Dictionary<RolloutState, string> Table = new()
    {
        [RolloutState.Scheduled]   = "C..........X..",
        [RolloutState.Canary]      = ".S..PTP...TX..",
        [RolloutState.Soaking]     = "..AFPTP...TX..",
        [RolloutState.Advancing]   = ".S..PTP...TX..",
        [RolloutState.Paused]      = ".....T.CASTX..",
        [RolloutState.Stopping]    = "............B.",
        [RolloutState.RollingBack] = "...........X.R",
        [RolloutState.Completed]   = "..........T...",
        [RolloutState.RolledBack]  = "..............",
        [RolloutState.Aborted]     = "..........T...",
    };

    private static char Letter(RolloutState? state) => state switch
    {
        null => '.', RolloutState.Canary => 'C', RolloutState.Soaking => 'S', RolloutState.Advancing => 'A', RolloutState.Paused => 'P', RolloutState.Stopping => 'T',
        RolloutState.RollingBack => 'B', RolloutState.Completed => 'F', RolloutState.RolledBack => 'R', RolloutState.Aborted => 'X', _ => '?',
    };

    [Fact]
    public void Every_pair_of_state_and_event_goes_where_the_table_says()
    {
        foreach (var state in Enum.GetValues<RolloutState>())
        {
            var row = string.Concat(Enum.GetValues<RolloutEvent>().Select(e => Letter(RolloutMachine.TryNext(state, e))));
            Assert.True(Table[state] == row, $"{state}: expected {Table[state]}, is {row}");
        }
    }

    [Fact]
    public void An_event_without_meaning_throws_and_names_both() =>
        Assert.Contains("RolledBack can't take RingPassed", Assert.Throws<InvalidOperationException>(() => RolloutMachine.Next(RolloutState.RolledBack, RolloutEvent.RingPassed)).Message);

    [Fact]
    public void Every_running_state_can_be_left_by_a_person_or_ends_by_itself()
    {
        foreach (var state in Enum.GetValues<RolloutState>().Where(RolloutMachine.IsRunning))
            Assert.True(RolloutMachine.TryNext(state, RolloutEvent.AbortAsked) is not null || state == RolloutState.Stopping, $"{state} holds its devices for ever");
    }
}

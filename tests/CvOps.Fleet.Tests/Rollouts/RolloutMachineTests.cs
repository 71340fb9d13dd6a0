using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class RolloutMachineTests
{
    /// <summary>The README's table says the same; a row is a state, a cell "event -> state".</summary>
    [Fact]
    public void The_table_in_the_README_is_what_the_machine_does()
    {
        var readme = File.ReadAllLines(TestData.InRepository("fleet", "README.md"));
        foreach (var state in Enum.GetValues<RolloutState>())
        {
            var moves = Enum.GetValues<RolloutEvent>().Select(e => (Event: e, To: RolloutMachine.TryNext(state, e))).Where(move => move.To is not null)
                .GroupBy(move => move.To!.Value).Select(to => $"{string.Join(", ", to.Select(move => move.Event))} -> {to.Key}");
            var row = $"| {state} | {string.Join("; ", moves)} |";
            Assert.True(readme.Any(line => line == row), $"fleet/README.md lacks the row\n{row}");
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

    [Fact]
    public void Every_state_in_which_a_device_may_be_told_is_left_by_the_brake_and_by_the_emergency_stop()
    {
        foreach (var state in Enum.GetValues<RolloutState>().Where(RolloutMachine.MayAssign))
        {
            Assert.Equal(RolloutState.Stopping, RolloutMachine.TryNext(state, RolloutEvent.GateStopped));
            Assert.Equal(RolloutState.Paused, RolloutMachine.TryNext(state, RolloutEvent.EmergencyStopped));
        }
    }
}

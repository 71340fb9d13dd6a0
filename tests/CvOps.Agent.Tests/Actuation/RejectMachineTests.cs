using CvOps.Agent.Actuation;

namespace CvOps.Agent.Tests.Actuation;

/// <summary>Which parts are ejected, with time and belt as plain numbers.</summary>
public sealed class RejectMachineTests
{
    private static readonly RejectOptions AfterHalfASecond = new() { Pin = 0, Delay = TimeSpan.FromSeconds(0.5) };
    private static readonly TriggerOptions Trigger = new() { Pin = 1, Window = TimeSpan.FromSeconds(0.2) };

    [Fact]
    public void A_bad_part_is_ejected_when_it_is_due_and_not_before()
    {
        var machine = new RejectMachine(AfterHalfASecond, Trigger);
        machine.Announce(At(10));
        machine.Inspected(At(10.05), Verdict.Bad, At(10.1));
        Assert.False(machine.TryTake(At(10.499), out _, out _));
        Assert.True(machine.TryTake(At(10.5), out var due, out var ejects));
        Assert.Equal((TimeSpan.FromSeconds(10.5), true), (due.At, ejects));
        Assert.False(machine.TryTake(At(11), out _, out _));
        Assert.Equal(new RejectCounts(Triggers: 1, Decided: 1, Missed: 0, Unknown: 0, Ejected: 1, Strays: 0), machine.Counts);
    }

    [Fact]
    public void A_good_part_passes()
    {
        var machine = new RejectMachine(AfterHalfASecond, Trigger);
        machine.Announce(At(10));
        machine.Inspected(At(10.05), Verdict.Good, At(10.1));
        Assert.Equal([false], Through(machine, At(20)));
        Assert.Equal((1, 0), (machine.Counts.Decided, machine.Counts.Missed));
    }

    [Theory]
    [InlineData("Reject", true)]
    [InlineData("Pass", false)]
    public void A_part_without_a_decision_in_time_meets_the_action_that_was_configured(string action, bool ejected)
    {
        var machine = new RejectMachine(AfterHalfASecond with { MissedAction = Enum.Parse<MissedAction>(action) }, Trigger);
        machine.Announce(At(1));
        Assert.Equal([ejected], Through(machine, At(1.5)));
        machine.Inspected(At(1.05), Verdict.Bad, At(1.6));
        Assert.Empty(Through(machine, At(9)));
        Assert.Equal((1, 0, ejected ? 1 : 0, 0), (machine.Counts.Missed, machine.Counts.Decided, machine.Counts.Ejected, machine.Counts.Strays));
    }

    [Theory]
    [InlineData("Reject", true)]
    [InlineData("Pass", false)]
    public void A_frame_without_a_prediction_decides_nothing(string action, bool ejected)
    {
        var machine = new RejectMachine(AfterHalfASecond with { MissedAction = Enum.Parse<MissedAction>(action) }, Trigger);
        machine.Announce(At(1));
        machine.Inspected(At(1.05), Verdict.Unknown, At(1.1));
        Assert.Equal([ejected], Through(machine, At(1.5)));
        Assert.Equal((1, 0), (machine.Counts.Unknown, machine.Counts.Decided));
    }

    [Fact]
    public void The_first_frame_from_the_edge_on_is_the_parts_frame()
    {
        var machine = new RejectMachine(AfterHalfASecond, Trigger);
        machine.Inspected(At(0.99), Verdict.Bad, At(1));
        machine.Announce(At(1));
        machine.Inspected(At(0.995), Verdict.Bad, At(1.01));
        machine.Inspected(At(1.02), Verdict.Good, At(1.05));
        machine.Inspected(At(1.06), Verdict.Bad, At(1.09));
        machine.Inspected(At(1.3), Verdict.Bad, At(1.35));
        Assert.Equal([false], Through(machine, At(9)));
        Assert.Equal(3, machine.Counts.Strays);
    }

    [Fact]
    public void A_frame_stamped_a_little_early_is_the_parts_where_that_is_allowed()
    {
        var machine = new RejectMachine(AfterHalfASecond, Trigger with { Early = TimeSpan.FromSeconds(0.03) });
        machine.Announce(At(1));
        machine.Inspected(At(0.98), Verdict.Bad, At(1.05));
        Assert.Equal([true], Through(machine, At(9)));
    }

    [Fact]
    public void In_a_window_one_bad_frame_is_enough()
    {
        var machine = new RejectMachine(AfterHalfASecond, Trigger with { Capture = TriggerCapture.Window });
        machine.Announce(At(1));
        foreach (var (captured, verdict) in new[] { (1.0, Verdict.Good), (1.1, Verdict.Bad), (1.15, Verdict.Good), (1.19, Verdict.Unknown) }) machine.Inspected(At(captured), verdict, At(1.3));
        machine.Announce(At(2));
        machine.Inspected(At(2.1), Verdict.Good, At(2.2));
        machine.Inspected(At(2.21), Verdict.Bad, At(2.3));
        Assert.Equal([true, false], Through(machine, At(9)));
    }

    [Fact]
    public void A_frame_shows_the_part_that_was_announced_last_and_a_part_nobody_caught_is_missed()
    {
        var machine = new RejectMachine(AfterHalfASecond with { MissedAction = MissedAction.Pass }, Trigger);
        machine.Announce(At(1));
        machine.Announce(At(1.1));
        machine.Inspected(At(1.12), Verdict.Bad, At(1.2));
        Assert.Equal([false, true], Through(machine, At(9)));
        Assert.Equal((1, 1), (machine.Counts.Missed, machine.Counts.Ejected));
    }

    [Fact]
    public void A_bouncing_sensor_announces_one_part()
    {
        var machine = new RejectMachine(AfterHalfASecond, Trigger);
        Assert.True(machine.Announce(At(1)));
        Assert.False(machine.Announce(At(1.001)));
        Assert.False(machine.Announce(At(1.0049)));
        Assert.True(machine.Announce(At(1.006)));
        Assert.Equal(2, machine.Counts.Triggers);
    }

    [Fact]
    public void Parts_due_by_count_wait_for_the_belt_and_not_for_the_clock()
    {
        var machine = new RejectMachine(new RejectOptions { Pin = 0, DelayCounts = 1000 }, Trigger);
        machine.Announce(At(1, position: 50));
        machine.Inspected(At(1.05, 60), Verdict.Bad, At(1.1, 70));
        Assert.Empty(Through(machine, At(3600, 1049)));
        Assert.Equal(1050, machine.NextDue.Position);
        Assert.Equal([true], Through(machine, At(3600, 1050)));
    }

    [Fact]
    public void Without_a_trigger_every_frame_is_a_part_of_its_own()
    {
        var machine = new RejectMachine(AfterHalfASecond, null);
        for (var i = 0; i < 10; i++) Assert.False(machine.Inspected(At(i * 0.1), i % 3 == 0 ? Verdict.Bad : Verdict.Good, At(i * 0.1 + 0.05)));
        Assert.Equal([true, true, true, true], Through(machine, At(9)));
        Assert.Equal((10, 4, 0), (machine.Counts.Decided, machine.Counts.Ejected, machine.Counts.Missed));
    }

    [Theory]
    [InlineData("Bad", "Reject", true)]
    [InlineData("Bad", "Pass", false)]
    [InlineData("Unknown", "Reject", true)]
    [InlineData("Good", "Reject", false)]
    public void Without_a_trigger_a_late_decision_is_acted_on_at_once_or_not_at_all(string verdict, string action, bool ejected)
    {
        var machine = new RejectMachine(AfterHalfASecond with { MissedAction = Enum.Parse<MissedAction>(action) }, null);
        Assert.Equal(ejected, machine.Inspected(At(1), Enum.Parse<Verdict>(verdict), At(1.5)));
        Assert.Empty(Through(machine, At(9)));
        Assert.Equal((1, ejected ? 1 : 0), (machine.Counts.Missed, machine.Counts.Ejected));
    }

    [Fact]
    public void A_belt_that_stands_still_for_ever_gives_up_the_oldest_parts_and_counts_them()
    {
        var machine = new RejectMachine(new RejectOptions { Pin = 0, DelayCounts = 1000 }, Trigger);
        for (var i = 0; i < 1124; i++) machine.Announce(At(i));
        Assert.Equal(100, machine.Counts.Missed);
        Assert.Equal(1024, Through(machine, At(9999, 1000)).Count);
    }

    [Fact]
    public void Nothing_is_allocated_a_part()
    {
        var machine = new RejectMachine(AfterHalfASecond, Trigger);
        Part(0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1; i < 5000; i++) Part(i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(5000, machine.Counts.Ejected);

        void Part(int i)
        {
            machine.Announce(At(i));
            machine.Inspected(At(i + 0.1), Verdict.Bad, At(i + 0.2));
            machine.TryTake(At(i + 0.6), out _, out _);
        }
    }

    private static LineMoment At(double seconds, long position = 0) => new(TimeSpan.FromSeconds(seconds), position);

    private static List<bool> Through(RejectMachine machine, LineMoment now)
    {
        List<bool> through = [];
        while (machine.TryTake(now, out _, out var ejects)) through.Add(ejects);
        return through;
    }
}

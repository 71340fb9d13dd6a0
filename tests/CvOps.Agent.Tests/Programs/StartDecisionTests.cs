using CvOps.Agent.Programs;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Tests.Programs;

/// <summary>Which program a start is, row by row of the README's table.</summary>
public sealed class StartDecisionTests
{
    private const string Installed = "1.0.0+abc 0123";

    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private static readonly SlotContent Two = new("2.0.0", new string('2', 64), new string('m', 64));
    private static readonly SlotContent Three = new("3.0.0", new string('3', 64), new string('n', 64));

    private static readonly ProgramRecord OnTrial = new()
    {
        State = ProgramState.Trial, Trial = ProgramSlot.B, Charge = ProgramSlot.A, A = Two, B = Three, Over = Installed, Target = new DesiredProgram("3.0.0", Three.Digest, new Uri("http://fleet/3"), 1),
    };

    private static readonly ProgramRecord InCharge = OnTrial with { State = ProgramState.Committed, Trial = null, Charge = ProgramSlot.B, Previous = ProgramSlot.A };

    [Fact]
    public void Without_a_change_the_installed_program_runs_and_nothing_is_written() =>
        Assert.Equal(new StartChoice(new ProgramRecord(), null), StartDecision.Choose(new ProgramRecord(), Installed, Now));

    [Fact]
    public void A_program_on_trial_is_started_twice_counted_before_each()
    {
        var first = StartDecision.Choose(OnTrial, Installed, Now);
        Assert.Equal((ProgramSlot.B, 1), (first.Run, first.Record.Starts));
        var second = StartDecision.Choose(first.Record, Installed, Now);
        Assert.Equal((ProgramSlot.B, 2), (second.Run, second.Record.Starts));
        var third = StartDecision.Choose(second.Record, Installed, Now);
        Assert.Equal((ProgramSlot.A, ProgramState.RolledBack, null, ProgramSlot.A), (third.Run, third.Record.State, third.Record.Trial, third.Record.Charge));
        Assert.Equal("3.0.0 never became ready, in 2 starts.", third.Record.Reason);
    }

    [Fact]
    public void The_reason_tells_how_far_it_got_and_what_it_said()
    {
        var used = OnTrial with { Starts = StartDecision.TrialStarts };
        Assert.Equal("3.0.0 was ready and ended before it had proven itself, in 2 starts.", StartDecision.Choose(used with { WasReady = true }, Installed, Now).Record.Reason);
        Assert.Equal("3.0.0 never became ready, in 2 starts; it said: no such key", StartDecision.Choose(used with { LastWords = "no such key" }, Installed, Now).Record.Reason);
    }

    [Fact]
    public void The_program_in_charge_runs_and_one_that_keeps_ending_gives_way_to_the_one_before_and_then_to_the_installed_one()
    {
        var record = InCharge;
        for (var start = 1; start <= StartDecision.UnprovenStartLimit; start++)
        {
            var choice = StartDecision.Choose(record, Installed, Now);
            Assert.Equal((ProgramSlot.B, start), (choice.Run, choice.Record.UnprovenStarts));
            record = choice.Record;
        }
        var back = StartDecision.Choose(record, Installed, Now);
        Assert.Equal((ProgramSlot.A, ProgramState.RolledBack, 1, "3.0.0 ended 5 times in a row soon after its start."), (back.Run, back.Record.State, back.Record.UnprovenStarts, back.Record.Reason));
        var home = StartDecision.Choose(back.Record with { UnprovenStarts = StartDecision.UnprovenStartLimit }, Installed, Now);
        Assert.Equal((null, null), (home.Run, home.Record.Charge));
    }

    [Theory]
    [InlineData("1.1.0+def 4567")]
    [InlineData("0.9.0+def 4567")]
    public void Whoever_installs_another_program_on_the_device_be_it_newer_or_older_has_the_last_word(string other)
    {
        foreach (var record in (ProgramRecord[])[OnTrial, InCharge, InCharge with { Charge = null, State = ProgramState.Downloading }])
        {
            var choice = StartDecision.Choose(record, other, Now);
            Assert.Equal((null, ProgramState.Overruled, null, null), (choice.Run, choice.Record.State, choice.Record.Charge, choice.Record.Trial));
            Assert.Contains($"{ProgramLaunch.VersionOf(other)} was installed on the device in place of 1.0.0", choice.Record.Reason, StringComparison.Ordinal);
            Assert.Equal(choice, StartDecision.Choose(choice.Record, other, Now.AddHours(1)));
        }
        Assert.Equal(ProgramState.RolledBack, StartDecision.Choose(new ProgramRecord { State = ProgramState.RolledBack, Over = Installed }, other, Now).Record.State);
    }

    [Fact]
    public void A_slot_that_cannot_be_started_is_given_up_and_the_next_best_runs()
    {
        var record = StartDecision.Refused(StartDecision.Choose(OnTrial, Installed, Now).Record, ProgramSlot.B, "It is damaged.", Now);
        Assert.Equal((ProgramState.RolledBack, null, null, "It is damaged."), (record.State, record.Trial, record.B, record.Reason));
        record = StartDecision.Refused(record, ProgramSlot.A, "So is it.", Now);
        Assert.Equal((null, null, "So is it."), (record.Charge, record.A, record.Reason));
        Assert.Null(StartDecision.Choose(record, Installed, Now).Run);
        var previous = StartDecision.Refused(InCharge, ProgramSlot.B, "It is damaged.", Now);
        Assert.Equal(ProgramSlot.A, StartDecision.Choose(previous, Installed, Now).Run);
    }
}

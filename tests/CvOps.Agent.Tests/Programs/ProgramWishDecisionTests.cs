using CvOps.Agent.Programs;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Tests.Programs;

public sealed class ProgramWishDecisionTests
{
    private const string Installed = "1.0.0 0123";

    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private static readonly DesiredProgram Two = new("2.0.0", new string('2', 64), new Uri("http://fleet/2"), 10);

    [Fact]
    public void What_the_fleet_wants_is_begun_once_however_it_ends()
    {
        var begun = Next(new ProgramRecord(), Two);
        Assert.Equal((ProgramState.Downloading, Two, Installed), (begun.State, begun.Target, begun.Over));
        foreach (var end in (ProgramState[])[ProgramState.Committed, ProgramState.RolledBack, ProgramState.Failed, ProgramState.Overruled])
            Assert.Equal(begun with { State = end }, Next(begun with { State = end }, Two));
        Assert.Equal(ProgramState.Downloading, Next(begun with { State = ProgramState.Failed, Reason = "x" }, Two with { Attempt = 1 }).State);
    }

    [Fact]
    public void A_fresh_address_for_the_same_package_is_taken_over_and_changes_nothing_else()
    {
        var begun = Next(new ProgramRecord(), Two);
        var fresh = Two with { Url = new Uri("http://fleet/2?fresh") };
        Assert.Equal(begun with { Target = fresh }, Next(begun, fresh));
    }

    [Fact]
    public void Nothing_wanted_lets_what_runs_stay_and_ends_what_was_begun()
    {
        var begun = Next(new ProgramRecord(), Two);
        Assert.Equal((ProgramState.Idle, (string?)null), (Next(begun, null).State, Next(begun, null).WishedDigest));
        var committed = begun with { State = ProgramState.Committed, Charge = ProgramSlot.A };
        Assert.Equal((ProgramState.Committed, ProgramSlot.A), (Next(committed, null).State, Next(committed, null).Charge));
    }

    [Fact]
    public void Another_wish_takes_the_place_of_one_under_way()
    {
        var next = Next(Next(new ProgramRecord(), Two) with { State = ProgramState.Waiting }, Two with { Digest = new string('3', 64) });
        Assert.Equal((ProgramState.Downloading, new string('3', 64)), (next.State, next.Target?.Digest));
    }

    [Fact]
    public void What_is_in_charge_is_there_and_what_lies_in_the_free_slot_is_not_fetched_again()
    {
        var content = new SlotContent("2.0.0", Two.Digest, "m");
        Assert.Equal(ProgramState.Committed, Next(new ProgramRecord { A = content, Charge = ProgramSlot.A }, Two).State);
        Assert.Equal(ProgramState.Checking, Next(new ProgramRecord { B = content, Charge = ProgramSlot.A, State = ProgramState.RolledBack }, Two).State);
    }

    [Fact]
    public void What_a_person_brings_is_tried_and_the_fleets_old_word_does_not_come_back_over_it()
    {
        var committed = Next(new ProgramRecord(), Two) with { State = ProgramState.Committed, Charge = ProgramSlot.A, A = new SlotContent("2.0.0", Two.Digest, "m") };
        var brought = ProgramWishDecision.Next(committed, new ProgramWanted(new DesiredProgram("3.0.0", new string('3', 64), new Uri("file:///3"), 10), ByHand: true), Installed, Now);
        Assert.Equal((ProgramState.Downloading, "3.0.0", Two.Digest), (brought.State, brought.Target?.Version, brought.WishedDigest));
        Assert.Equal(brought, Next(brought, Two));
    }

    private static ProgramRecord Next(ProgramRecord now, DesiredProgram? program) => ProgramWishDecision.Next(now, new ProgramWanted(program, ByHand: false), Installed, Now);
}

using CvOps.Agent.Update;
using CvOps.Contracts.Twin;
using static CvOps.Contracts.Twin.UpdateState;

namespace CvOps.Agent.Tests.Update;

public sealed class UpdateMachineTests
{
    [Fact]
    public void A_clean_update_walks_from_idle_to_committed()
    {
        var state = UpdateMachine.Next(Idle, UpdateEvent.Wanted);
        List<UpdateState> walked = [state];
        while (UpdateMachine.IsBusy(state)) walked.Add(state = UpdateMachine.Next(state, UpdateEvent.Done));
        Assert.Equal([Downloading, Verifying, Preparing, SelfTesting, Shadowing, Swapping, Soaking, Committed], walked);
    }

    [Fact]
    public void From_the_swap_on_every_failure_leads_back_to_the_old_model()
    {
        foreach (var state in new[] { Swapping, Soaking }) Assert.Equal(RollingBack, UpdateMachine.Next(state, UpdateEvent.Broke));
        foreach (var state in new[] { Downloading, Verifying, Preparing, SelfTesting, Shadowing }) Assert.Equal(Failed, UpdateMachine.Next(state, UpdateEvent.Broke));
    }

    [Fact]
    public void Pairs_outside_the_table_throw()
    {
        var known = 0;
        foreach (var state in Enum.GetValues<UpdateState>())
        {
            foreach (var what in Enum.GetValues<UpdateEvent>())
            {
                try
                {
                    UpdateMachine.Next(state, what);
                    known++;
                }
                catch (InvalidOperationException e)
                {
                    Assert.Contains(state.ToString(), e.Message, StringComparison.Ordinal);
                }
            }
        }
        Assert.Equal(41, known);
    }

    // One row a state the process may be killed in: where the journal goes on, and which model the next start takes.
    public static TheoryData<UpdateState, UpdateState> Killed_in => new()
    {
        { Idle, Idle },
        { Downloading, Downloading },
        { Verifying, Verifying },
        { Preparing, RollingBack },
        { SelfTesting, RollingBack },
        { Shadowing, RollingBack },
        { Swapping, RollingBack },
        { Soaking, RollingBack },
        { Committed, Committed },
        { RollingBack, RollingBack },
        { RolledBack, RolledBack },
        { Failed, Failed },
    };

    [Theory, MemberData(nameof(Killed_in))]
    public void A_kill_resumes_at_a_known_place(UpdateState killedIn, UpdateState resumed) => Assert.Equal(resumed, UpdateMachine.Resume(killedIn));

    [Fact]
    public void Every_state_has_a_row_in_the_crash_matrix() =>
        Assert.Equal(Enum.GetValues<UpdateState>().Order(), Killed_in.Select(row => row.Data.Item1).Order());
}

using CvOps.Agent.Programs;
using CvOps.Contracts.Twin;
using static CvOps.Contracts.Twin.ProgramState;

namespace CvOps.Agent.Tests.Programs;

public sealed class ProgramMachineTests
{
    private static readonly ProgramState[] AtRest = [Idle, Committed, RolledBack, Failed, Overruled];
    private static readonly ProgramState[] BeforeTrial = [Downloading, Verifying, Unpacking, Checking, Waiting];

    [Fact]
    public void The_table_says_this_and_nothing_else()
    {
        var expected = new Dictionary<(ProgramState, ProgramEvent), ProgramState>();
        foreach (var state in AtRest)
        {
            expected[(state, ProgramEvent.Wanted)] = Downloading;
            expected[(state, ProgramEvent.Kept)] = Checking;
            expected[(state, ProgramEvent.InCharge)] = Committed;
        }
        ProgramState[] way = [.. BeforeTrial, Trial, Committed];
        for (var i = 0; i + 1 < way.Length; i++) expected[(way[i], ProgramEvent.Done)] = way[i + 1];
        foreach (var state in BeforeTrial) (expected[(state, ProgramEvent.Broke)], expected[(state, ProgramEvent.Superseded)]) = (Failed, Idle);
        expected[(Trial, ProgramEvent.Broke)] = RolledBack;
        foreach (var state in Enum.GetValues<ProgramState>()) (expected[(state, ProgramEvent.ChargeDied)], expected[(state, ProgramEvent.OtherInstalled)]) = (RolledBack, Overruled);

        foreach (var state in Enum.GetValues<ProgramState>())
        {
            foreach (var what in Enum.GetValues<ProgramEvent>())
            {
                if (expected.TryGetValue((state, what), out var next)) Assert.Equal(next, ProgramMachine.Next(state, what));
                else Assert.Throws<InvalidOperationException>(() => ProgramMachine.Next(state, what));
            }
            Assert.Equal(!AtRest.Contains(state), ProgramMachine.IsBusy(state));
        }
    }
}

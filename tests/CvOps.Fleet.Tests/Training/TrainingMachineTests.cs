using CvOps.Contracts.Api;
using CvOps.Fleet.Training;

namespace CvOps.Fleet.Tests.Training;

public sealed class TrainingMachineTests
{
    /// <summary>Columns: Started, Trained, Packed, Measured, GatePassed, GateRefused, GateInconclusive, Failed, TrainerKilled, FleetRestarted, Cancelled. '.' = refused.</summary>
    private static readonly Dictionary<TrainingState, string> Table = new()
    {
        [TrainingState.Queued]       = "R......F.QC",
        [TrainingState.Running]      = ".P.T...FQQC",
        [TrainingState.Packing]      = "..G....F.Q.",
        [TrainingState.Gating]       = "....+-?F.G.",
        [TrainingState.Passed]       = "...........",
        [TrainingState.Refused]      = "...........",
        [TrainingState.Inconclusive] = "...........",
        [TrainingState.Failed]       = "...........",
        [TrainingState.Trained]      = "...........",
        [TrainingState.Cancelled]    = "...........",
    };

    [Fact]
    public void Every_pair_of_state_and_event_goes_where_the_table_says()
    {
        foreach (var state in Enum.GetValues<TrainingState>())
        {
            var row = string.Concat(Enum.GetValues<TrainingEvent>().Select(happened => Letter(state, happened)));
            Assert.True(Table[state] == row, $"{state}: expected {Table[state]}, is {row}");
            Assert.Equal(Table[state].All(letter => letter == '.'), TrainingMachine.IsEnded(state));
            Assert.Equal(Table[state][^1] == 'C', TrainingMachine.IsCancellable(state));
        }
    }

    private static char Letter(TrainingState state, TrainingEvent happened)
    {
        try
        {
            return TrainingMachine.Next(state, happened) switch
            {
                TrainingState.Queued => 'Q', TrainingState.Running => 'R', TrainingState.Packing => 'P', TrainingState.Gating => 'G', TrainingState.Passed => '+',
                TrainingState.Refused => '-', TrainingState.Inconclusive => '?', TrainingState.Failed => 'F',
                TrainingState.Trained => 'T', TrainingState.Cancelled => 'C', var other => throw new ArgumentException($"{other}", nameof(state)),
            };
        }
        catch (InvalidOperationException e)
        {
            Assert.Contains($"{state}", e.Message, StringComparison.Ordinal);
            return '.';
        }
    }
}

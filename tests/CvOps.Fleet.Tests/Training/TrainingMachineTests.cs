using CvOps.Contracts.Api;
using CvOps.Fleet.Training;

namespace CvOps.Fleet.Tests.Training;

public sealed class TrainingMachineTests
{
    /// <summary>Columns: Started, Trained, Packed, GatePassed, GateRefused, GateInconclusive, Failed, FleetRestarted. '.' = refused.</summary>
    private static readonly Dictionary<TrainingState, string> Table = new()
    {
        [TrainingState.Queued]       = "R.....FQ",
        [TrainingState.Running]      = ".P....FQ",
        [TrainingState.Packing]      = "..G...FQ",
        [TrainingState.Gating]       = "...+-?FG",
        [TrainingState.Passed]       = "........",
        [TrainingState.Refused]      = "........",
        [TrainingState.Inconclusive] = "........",
        [TrainingState.Failed]       = "........",
    };

    [Fact]
    public void Every_pair_of_state_and_event_goes_where_the_table_says()
    {
        foreach (var state in Enum.GetValues<TrainingState>())
        {
            var row = string.Concat(Enum.GetValues<TrainingEvent>().Select(happened => Letter(state, happened)));
            Assert.True(Table[state] == row, $"{state}: expected {Table[state]}, is {row}");
            Assert.Equal(Table[state].All(letter => letter == '.'), TrainingMachine.IsEnded(state));
        }
    }

    private static char Letter(TrainingState state, TrainingEvent happened)
    {
        try
        {
            return TrainingMachine.Next(state, happened) switch
            {
                TrainingState.Queued => 'Q', TrainingState.Running => 'R', TrainingState.Packing => 'P', TrainingState.Gating => 'G', TrainingState.Passed => '+',
                TrainingState.Refused => '-', TrainingState.Inconclusive => '?', TrainingState.Failed => 'F', var other => throw new ArgumentException($"{other}", nameof(state)),
            };
        }
        catch (InvalidOperationException e)
        {
            Assert.Contains($"{state}", e.Message, StringComparison.Ordinal);
            return '.';
        }
    }
}

using CvOps.Agent.Configuration.Remote;
using CvOps.Contracts;
using CvOps.Contracts.Twin;
using static CvOps.Contracts.Twin.ConfigurationState;

namespace CvOps.Agent.Tests.Configuration.Remote;

public sealed class ConfigurationMachineTests
{
    private static readonly ConfigurationTimes Times = new();

    [Fact]
    public void Pairs_outside_the_table_throw()
    {
        var known = 0;
        foreach (var state in Enum.GetValues<ConfigurationState>())
        {
            foreach (var what in Enum.GetValues<ConfigurationEvent>())
            {
                try
                {
                    ConfigurationMachine.Next(state, what);
                    known++;
                }
                catch (InvalidOperationException e)
                {
                    Assert.Contains(state.ToString(), e.Message, StringComparison.Ordinal);
                }
            }
        }
        Assert.Equal(27, known);
    }

    // One row a state the process may be killed in: where it goes on, and whether what it comes up with is what was proven before.
    public static TheoryData<ConfigurationState, ConfigurationState> Killed_in => new()
    {
        { None, None },
        { Applying, Applying },
        { Soaking, Applying },
        { Committed, Committed },
        { RollingBack, RolledBack },
        { RolledBack, RolledBack },
        { Refused, Refused },
        { Overruled, Overruled },
    };

    [Theory, MemberData(nameof(Killed_in))]
    public void A_kill_resumes_at_a_known_place_with_what_was_proven(ConfigurationState killedIn, ConfigurationState resumed)
    {
        var (proven, tried) = (DesiredConfiguration.Of("drift: {}", null), DesiredConfiguration.Of("sampling: {}", null));
        var after = ConfigurationJournal.AfterRestart(new ConfigurationRecord { State = killedIn, Active = proven, Target = tried });
        Assert.Equal((resumed, proven), (after.State, after.InForce));
    }

    [Fact]
    public void Every_state_has_a_row() => Assert.Equal(Enum.GetValues<ConfigurationState>().Order(), Killed_in.Select(row => row.Data.Item1).Order());

    [Theory]
    [InlineData(25, 24, null, 9, null)]     // not long enough yet
    [InlineData(25, 24, null, 10, true)]
    [InlineData(25, 12, null, 11, null)]    // it may still be connecting
    [InlineData(25, 12, null, 20, false)]
    [InlineData(25, 5, 8.0, 10, true)]      // it was asked for fewer
    [InlineData(0, 0, null, 10, true)]      // it gave none before
    public void A_camera_that_gave_frames_has_to_give_them_still(double before, double now, double? rate, double watched, bool? passed)
    {
        var (verdict, reason) = ConfigurationGate.Decide([new CameraSeen(new CameraId("a"), before, now, rate, TimeSpan.FromSeconds(15))], TimeSpan.FromSeconds(watched), Times);
        Assert.Equal((passed, passed == false), (verdict, reason is not null));
    }
}

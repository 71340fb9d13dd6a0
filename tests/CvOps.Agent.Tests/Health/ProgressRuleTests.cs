using CvOps.Agent.Health;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using static CvOps.Contracts.Telemetry.CameraState;

namespace CvOps.Agent.Tests.Health;

public sealed class ProgressRuleTests
{
    private static readonly CameraId Camera = new("cam-1");

    // State and frames taken at two looks; whether the camera counts as stuck.
    [Theory]
    [InlineData(Live, 10, Live, 11, false)]
    [InlineData(Live, 10, Live, 10, true)]
    [InlineData(Connecting, 10, Live, 10, false)]
    [InlineData(Live, 10, Stale, 10, false)]
    [InlineData(Live, 10, Lost, 10, false)]
    [InlineData(Stale, 10, Stale, 10, false)]
    [InlineData(Lost, 10, Connecting, 10, false)]
    [InlineData(Live, 10, Finished, 10, false)]
    [InlineData(Finished, 10, Finished, 10, false)]
    public void Only_a_camera_that_is_live_and_does_not_move_is_stuck(CameraState before, long taken, CameraState now, long takenNow, bool stuck) =>
        Assert.Equal(stuck ? [Camera] : [], ProgressRule.Stuck([new(Camera, before, taken)], [new(Camera, now, takenNow)]));

    [Fact]
    public void One_camera_that_moves_does_not_hide_one_that_is_stuck()
    {
        var other = new CameraId("cam-2");
        Assert.Equal([other], ProgressRule.Stuck([new(Camera, Live, 1), new(other, Live, 5)], [new(Camera, Live, 2), new(other, Live, 5)]));
    }

    [Theory]
    [InlineData("30000000", 15.0)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void The_ping_comes_twice_in_the_time_systemd_allows(string? microseconds, double? seconds) =>
        Assert.Equal(seconds, FrameProgressWatchdog.Period(microseconds)?.TotalSeconds);
}

using CvOps.Agent.Health;
using CvOps.Contracts;

namespace CvOps.Agent.Tests.Health;

public sealed class ProgressRuleTests
{
    private static readonly CameraId Camera = new("cam-1");

    // Frames in hand and frames done at two looks; whether the camera counts as stuck.
    [Theory]
    [InlineData(2, 10, 2, 11, false)]   // busy
    [InlineData(2, 10, 2, 10, true)]    // what waited still waits
    [InlineData(1, 10, 5, 10, true)]
    [InlineData(0, 10, 0, 10, false)]   // an outage, or nothing to see
    [InlineData(0, 10, 2, 10, false)]   // a slow camera's frame has just come
    [InlineData(1, 10, 0, 11, false)]
    [InlineData(1, 10, 0, 10, false)]   // displaced by nothing: the camera was taken away with its frames
    public void Only_a_camera_whose_frames_wait_and_do_not_get_done_is_stuck(long inHand, long finished, long inHandNow, long finishedNow, bool stuck) =>
        Assert.Equal(stuck ? [Camera] : [], ProgressRule.Stuck([new(Camera, inHand, finished)], [new(Camera, inHandNow, finishedNow)]));

    [Fact]
    public void One_camera_that_moves_does_not_hide_one_that_is_stuck()
    {
        var other = new CameraId("cam-2");
        Assert.Equal([other], ProgressRule.Stuck([new(Camera, 1, 1), new(other, 1, 5)], [new(Camera, 1, 2), new(other, 1, 5)]));
    }

    [Fact]
    public void A_camera_that_has_just_come_is_not_stuck() => Assert.Empty(ProgressRule.Stuck([], [new(Camera, 2, 0)]));

    [Theory]
    [InlineData("30000000", 7.5)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void The_ping_comes_four_times_in_the_time_systemd_allows(string? microseconds, double? seconds) =>
        Assert.Equal(seconds, FrameProgressWatchdog.Period(microseconds)?.TotalSeconds);
}

using CvOps.Fleet.Access;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Access;

public sealed class AttemptLimitTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Who_has_failed_often_waits_for_the_next_minute_and_nobody_else_does()
    {
        var limit = new AttemptLimit(3, _time);
        for (var i = 1; i <= 3; i++) Assert.Equal(i, limit.Failed("10.0.0.9"));
        Assert.True(limit.IsReached("10.0.0.9"));
        Assert.False(limit.IsReached("10.0.0.8"));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(limit.IsReached("10.0.0.9"));
    }

    [Fact]
    public void A_thousand_names_are_told_apart_and_all_others_share_one_count()
    {
        var limit = new AttemptLimit(3, _time);
        for (var i = 0; i < 100_000; i++) limit.Failed($"forged-{i}");
        Assert.True(limit.IsReached("never seen"));
        Assert.False(limit.IsReached("forged-1"));
    }
}

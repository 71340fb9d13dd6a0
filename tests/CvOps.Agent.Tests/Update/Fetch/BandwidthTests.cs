using System.Diagnostics;
using CvOps.Agent.Update;
using CvOps.Agent.Update.Fetch;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Update.Fetch;

public sealed class BandwidthTests
{
    [Fact]
    public void The_bucket_keeps_its_rate_over_time_whatever_the_pieces()
    {
        foreach (var piece in new[] { 1, 999, 1000, 70_000 })
        {
            var bucket = new TokenBucket(10_000, 1000);
            var (now, passed) = (TimeSpan.Zero, 0L);
            while (now < TimeSpan.FromSeconds(100))
            {
                now += bucket.Take(piece, now);
                passed += piece;
            }
            Assert.InRange(passed, 1_000_000, 1_000_000 + 1000 + piece);
        }
    }

    [Fact]
    public void A_pause_earns_one_burst_and_no_more()
    {
        var bucket = new TokenBucket(10_000, 1000);
        Assert.Equal(TimeSpan.Zero, bucket.Take(1000, TimeSpan.FromHours(1)));
        Assert.Equal(TimeSpan.FromSeconds(0.1), bucket.Take(1000, TimeSpan.FromHours(1)));
        Assert.Equal(TimeSpan.Zero, bucket.Take(500, TimeSpan.FromHours(2)));
    }

    [Fact]
    public async Task All_who_take_share_the_limit()
    {
        var time = new ManualTime();
        var limit = new RateLimit(1, time);
        Assert.True(limit.PassedAsync(250_000, TestContext.Current.CancellationToken).IsCompleted);
        var first = limit.PassedAsync(1_000_000, TestContext.Current.CancellationToken);
        var second = limit.PassedAsync(1_000_000, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(1));
        await first;
        Assert.False(second.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        await second;
        Assert.True(new RateLimit(0, time).PassedAsync(int.MaxValue, TestContext.Current.CancellationToken).IsCompleted);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_download_is_no_faster_than_its_limit(bool chunks)
    {
        await using var rig = await FetchRig.CreateAsync();
        var content = FetchRig.Noise(1_500_000);
        var began = Stopwatch.GetTimestamp();
        await rig.Device(options: new UpdateOptions { DownloadMegabytesPerSecond = 1 }).GetAsync(rig.Publish(content, chunks), content);
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(1), $"1.5 MB at 1 MB/s in {Stopwatch.GetElapsedTime(began)}");
    }
}

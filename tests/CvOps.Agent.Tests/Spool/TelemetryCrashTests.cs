using CvOps.CrashMatrix;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Spool;

/// <summary>A part of what <c>make bench-link</c> does two hundred and fifty times.</summary>
[Trait("tier", "fault"), Collection("agent process")]
public sealed class TelemetryCrashTests
{
    [Fact]
    public async Task Whatever_ends_the_agent_each_confirmed_message_is_applied_once()
    {
        if (UnkindDisk.Missing is { } missing) Skip.Because(missing);
        var count = await new TelemetryCrashes(new Random(7), _ => { }).RunAsync(kills: 6, cuts: 4, TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine($"{count}");
        Assert.Equal((0, 0), (count.Lost, count.Doubled));
        Assert.InRange(count.Confirmed, 100, count.Applied);
    }
}

using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Spool;

public sealed class SpoolAgesTests
{
    private static readonly Topics Topics = new(new SiteId("plant"), new DeviceId("press-1"));

    [Fact]
    public void The_oldest_message_that_waits_is_as_old_as_the_mark_before_it()
    {
        var ages = new SpoolAges();
        Assert.Null(ages.WrittenAt(1));
        for (var position = 1; position <= 10; position++) ages.Written(position, 1000 * position + (position % 2));
        Assert.Equal(1001, ages.WrittenAt(1));
        Assert.Equal(5001, ages.WrittenAt(5));
        // Within the same second as one before: as old as that.
        ages.Written(11, 10_900);
        Assert.InRange(ages.WrittenAt(11)!.Value, 9_000, 10_900);
    }

    [Fact]
    public void Weeks_without_a_broker_take_no_more_memory_and_an_answer_is_never_younger_than_the_truth()
    {
        var ages = new SpoolAges();
        const int Seconds = 14 * 86_400;
        for (var second = 0; second < Seconds; second++) ages.Written(second + 1, 1000L * second);
        foreach (var position in new[] { 1, 100_000, Seconds }) Assert.InRange(ages.WrittenAt(position)!.Value, 0, 1000L * (position - 1));
    }

    [Fact]
    public async Task A_spool_says_for_how_long_its_oldest_message_has_waited_also_after_a_restart()
    {
        using var folder = new TestFolder();
        var time = new ManualTime();
        await using (var spool = Open(folder, time))
        {
            Assert.All(spool.Ages(), it => Assert.Equal(TimeSpan.Zero, it.Age));
            await spool.AppendAsync(Topics.Health, _ => "{}"u8.ToArray(), TestContext.Current.CancellationToken);
            time.Advance(TimeSpan.FromMinutes(5));
            await spool.AppendAsync(Topics.Health, _ => "{}"u8.ToArray(), TestContext.Current.CancellationToken);
            Assert.Equal(TimeSpan.FromMinutes(5), Age(spool));
        }
        time.Advance(TimeSpan.FromMinutes(10));
        await using var again = Open(folder, time);
        Assert.Equal(TimeSpan.FromMinutes(15), Age(again));
        again.Acknowledge(SpoolClass.Control, 2);
        Assert.Equal(TimeSpan.Zero, Age(again));
    }

    [Fact]
    public void What_was_given_up_says_when_that_was()
    {
        var time = new ManualTime();
        var losses = new SpoolLosses(time);
        losses.Count(TopicKind.Frame, SpoolLossReason.Disk);
        time.Advance(TimeSpan.FromHours(1));
        losses.Count(TopicKind.Frame, SpoolLossReason.Disk, 2);
        var last = time.GetUtcNow();
        time.Advance(TimeSpan.FromHours(1));
        losses.Count(TopicKind.Frame, SpoolLossReason.Disk, 0);
        var loss = Assert.Single(losses.Report()!);
        Assert.Equal((3, last), (loss.Messages, loss.At));
    }

    private static SpoolLog Open(TestFolder folder, TimeProvider time) => new(folder["spool"], new DeviceId("press-1"), 1 << 20, time, NullLogger<SpoolLog>.Instance);

    private static TimeSpan Age(SpoolLog spool) => spool.Ages().Single(it => it.Class == SpoolClass.Control).Age;
}

using System.Text;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Spool;

/// <summary>Disks that are full before the budget is, and disks that become read-only.</summary>
public sealed class SpoolDiskTests
{
    private static readonly DeviceId Device = new("cam-1");
    private static readonly Topics Own = new(new SiteId("plant"), Device);
    private static readonly CameraId Camera = new("a");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_a_full_disk_the_least_worth_having_makes_room()
    {
        using var disk = new SmallDisk(megabytes: 2);
        await using var spool = Open(disk);
        var index = 0;
        // Within the budget of 4 MB and beyond the disk.
        for (; index < 30; index++) Assert.Equal(AppendOutcome.Stored, await AppendAsync(spool, Own.Frame(Camera, $"f{index}"), 40_000));
        for (var result = 0; result < 800; result++) Assert.Equal(AppendOutcome.Stored, await AppendAsync(spool, Own.Inspection(Camera), 4000));
        Assert.Null(spool.Problem);
        Assert.Equal(30, spool.Losses.Of(TopicKind.Frame, SpoolLossReason.Budget));
        Assert.Equal(0, spool.Losses.Of(SpoolLossReason.Disk));
        var given = spool.Losses.Of(TopicKind.Inspection, SpoolLossReason.Budget);
        // A picture may not push out a result.
        Assert.Equal(AppendOutcome.Lost, await AppendAsync(spool, Own.Frame(Camera, "late"), 1_000_000));
        Assert.Contains("No space left", spool.Problem, StringComparison.Ordinal);
        Assert.Equal((given, 1), (spool.Losses.Of(TopicKind.Inspection, SpoolLossReason.Budget), spool.Losses.Of(TopicKind.Frame, SpoolLossReason.Disk)));
        Assert.Equal(AppendOutcome.Stored, await AppendAsync(spool, Own.Inspection(Camera), 10));
        Assert.Null(spool.Problem);

        var expected = Enumerable.Range((int)given + 1, 801 - (int)given);
        Assert.Equal(expected, Sequences(spool));
    }

    [Fact]
    public async Task A_disk_that_others_filled_costs_what_comes_and_nothing_that_is_there()
    {
        using var disk = new SmallDisk(megabytes: 2);
        await using var spool = Open(disk);
        for (var index = 0; index < 5; index++) await AppendAsync(spool, Own.Inspection(Camera));
        await Assert.ThrowsAsync<IOException>(() => File.WriteAllBytesAsync(Path.Combine(disk.Path, "others"), new byte[3 << 20], Token));
        Assert.Equal(AppendOutcome.Lost, await AppendAsync(spool, Own.Frame(Camera, "f"), 100_000));
        Assert.Equal(AppendOutcome.Lost, await AppendAsync(spool, Own.Frame(Camera, "f"), 100_000));
        File.Delete(Path.Combine(disk.Path, "others"));
        Assert.Equal(AppendOutcome.Stored, await AppendAsync(spool, Own.Frame(Camera, "f"), 100_000));
        Assert.Null(spool.Problem);
        Assert.Equal(2, spool.Health.EvictedMessages);
        // Those that were lost have numbers too, which nobody gets again; pictures take their turn.
        Assert.Equal([1, 2, 3, 3, 4, 5], Sequences(spool).Order());
    }

    [Fact]
    public async Task On_a_disk_without_any_room_what_the_fleet_has_makes_room()
    {
        using var disk = new SmallDisk(megabytes: 2);
        // The clock stands still, so the cursor on disk stays behind.
        await using var spool = new SpoolLog(disk.Path, Device, 4 << 20, new ManualTime(), NullLogger<SpoolLog>.Instance);
        for (var index = 0; index < 5; index++) await AppendAsync(spool, Own.Inspection(Camera), 10_000);
        Assert.Equal([1, 2, 3, 4, 5], Sequences(spool));
        await Assert.ThrowsAsync<IOException>(() => File.WriteAllBytesAsync(Path.Combine(disk.Path, "others"), new byte[3 << 20], Token));
        for (var index = 0; index < 3; index++) Assert.Equal(AppendOutcome.Stored, await AppendAsync(spool, Own.Inspection(Camera), 10_000));
        Assert.Equal(0, spool.Health.EvictedMessages);
        Assert.Equal([6, 7, 8], Sequences(spool));
    }

    [Fact]
    public async Task A_disk_that_is_read_only_at_the_start_is_survived_and_heals()
    {
        using var disk = new SmallDisk(megabytes: 8);
        await using (var spool = Open(disk))
        {
            for (var index = 0; index < 10; index++) await AppendAsync(spool, Own.Inspection(Camera));
        }
        disk.ReadOnly(true);
        var time = new ManualTime();
        await using var again = new SpoolLog(disk.Path, Device, 4 << 20, time, NullLogger<SpoolLog>.Instance);
        Assert.Equal((0, AppendOutcome.Lost), (again.Boot, await AppendAsync(again, Own.Inspection(Camera))));
        Assert.Contains("Read-only file system", again.Problem, StringComparison.Ordinal);
        Assert.Equal(1, again.Losses.Of(TopicKind.Inspection, SpoolLossReason.Disk));

        disk.ReadOnly(false);
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(AppendOutcome.Stored, await AppendAsync(again, Own.Inspection(Camera)));
        Assert.Equal((2, null), (again.Boot, again.Problem));
        Assert.Equal([.. Enumerable.Range(1, 10), 1], Sequences(again));
    }

    private static SpoolLog Open(SmallDisk disk) => new(disk.Path, Device, 4 << 20, TimeProvider.System, NullLogger<SpoolLog>.Instance);

    private static Task<AppendOutcome> AppendAsync(SpoolLog spool, string topic, int size = 0) =>
        spool.AppendAsync(topic, origin => Encoding.UTF8.GetBytes($"{origin.Sequence}".PadRight(size)), Token);

    private static List<int> Sequences(SpoolLog spool)
    {
        using var feed = spool.Read();
        var read = new List<int>();
        while (feed.TryRead() is { } record)
        {
            read.Add(int.Parse(Encoding.UTF8.GetString(record.Payload.Span), System.Globalization.CultureInfo.InvariantCulture));
            spool.Acknowledge(record);
            feed.Return(record);
        }
        return read;
    }
}

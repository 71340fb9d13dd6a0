using System.Buffers;
using System.Globalization;
using System.Text;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Spool;

public sealed class SpoolClassTests : IDisposable
{
    private static readonly DeviceId Device = new("cam-1");
    private static readonly Topics Own = new(new SiteId("plant"), Device);
    private static readonly CameraId Camera = new("a");
    private readonly TestFolder _folder = new();
    private readonly ManualTime _time = new(new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>Numbers and names stand on disks and in origins: they never change.</summary>
    [Fact]
    public void Every_topic_has_the_class_whose_number_and_name_are_for_ever()
    {
        (string Topic, TopicKind? Kind, SpoolClass Class, int Number, string Name)[] rows =
        [
            (Own.Health, TopicKind.Health, SpoolClass.Control, 1, "control"), (Own.Status, TopicKind.Status, SpoolClass.Control, 1, "control"),
            (Own.TwinReported, TopicKind.TwinReported, SpoolClass.Control, 1, "control"), (Own.TwinDesired, TopicKind.TwinDesired, SpoolClass.Control, 1, "control"),
            (Own.Birth, TopicKind.Birth, SpoolClass.Control, 1, "control"), (Own.CertificateRequest, TopicKind.CertificateRequest, SpoolClass.Control, 1, "control"),
            (Own.Response("x"), TopicKind.Response, SpoolClass.Control, 1, "control"), (Own.Command("x"), TopicKind.Command, SpoolClass.Control, 1, "control"),
            (Own.Inspection(Camera), TopicKind.Inspection, SpoolClass.Results, 2, "results"), (Own.Zone(Camera), TopicKind.Zone, SpoolClass.Results, 2, "results"),
            (Own.Drift(Camera), TopicKind.Drift, SpoolClass.Evidence, 3, "evidence"), (Own.Frame(Camera, "f"), TopicKind.Frame, SpoolClass.Frames, 4, "frames"),
            ("spBv1.0/plant/DDATA/node", null, SpoolClass.Results, 2, "results"), ("cvops/v1", null, SpoolClass.Results, 2, "results"), ("cvops/v10/a/b/frame/c/d", null, SpoolClass.Results, 2, "results"),
            ("", null, SpoolClass.Results, 2, "results"), (new string('/', 2000), null, SpoolClass.Results, 2, "results"),
        ];
        foreach (var row in rows)
        {
            Assert.Equal(row.Kind, SpoolTopic.KindOf(row.Topic));
            Assert.Equal(row.Kind, SpoolTopic.KindOf(Encoding.UTF8.GetBytes(row.Topic)));
            if (row.Kind is not null) Assert.Equal(row.Kind, Topics.TryParse(row.Topic, out var parsed) ? parsed.Kind : null);
            var found = SpoolClasses.Of(row.Kind);
            Assert.Equal((row.Class, row.Number, row.Name), (found, (int)found, SpoolClasses.Name(found)));
        }
        Assert.Equal((0, "earlier"), ((int)SpoolClass.Earlier, SpoolClasses.Name(SpoolClass.Earlier)));
    }

    [Fact]
    public async Task Each_class_has_its_own_sequence_order_and_cursor()
    {
        await using (var spool = Open())
        {
            for (var index = 0; index < 20; index++)
            {
                await AppendAsync(spool, Own.Frame(Camera, $"f{index}"), 50_000);
                await AppendAsync(spool, Own.Inspection(Camera));
                if (index % 5 == 0) await AppendAsync(spool, Own.Health);
            }
            using var feed = spool.Read();
            for (var index = 0; index < 25; index++)
            {
                var record = feed.TryRead()!;
                spool.Acknowledge(record);
                feed.Return(record);
            }
            Assert.Equal((4, 20), (spool.Acknowledged(SpoolClass.Control), spool.Acknowledged(SpoolClass.Results)));
        }
        await using var again = Open();
        Assert.Equal(1, again.Acknowledged(SpoolClass.Frames));
        var rest = Drain(again);
        Assert.Equal(Enumerable.Range(2, 19), rest.Select(it => (int)it.Sequence));
        Assert.All(rest, it => Assert.Equal((1, 4), (it.Boot, it.Stream)));
    }

    /// <summary>An hour of pictures waits; results and health that come meanwhile are through at once, and pictures go on.</summary>
    [Fact]
    public async Task The_more_urgent_overtake_and_nobody_starves()
    {
        await using var spool = Open();
        for (var index = 0; index < 60; index++) await AppendAsync(spool, Own.Frame(Camera, $"f{index}"), 100_000);
        for (var index = 0; index < 3000; index++) await AppendAsync(spool, Own.Inspection(Camera), 400);
        await AppendAsync(spool, Own.Health);
        var order = Drain(spool);
        Assert.Equal(60 + 3000 + 1, order.Count);
        Assert.InRange(order.FindIndex(it => it.Stream == 1), 0, 2);
        var lastResult = order.FindLastIndex(it => it.Stream == 2);
        var framesBefore = order.Take(lastResult).Count(it => it.Stream == 4);
        // Shares 8 to 1 by bytes: 3000 results are 2 MB with their packets, so pictures get a quarter of one.
        Assert.InRange(framesBefore, 1, 5);
        foreach (var stream in order.GroupBy(it => it.Stream)) Assert.Equal(stream.Select(it => it.Sequence).Order(), stream.Select(it => it.Sequence));
    }

    [Fact]
    public async Task No_more_of_a_class_is_on_its_way_than_a_short_while_of_a_slow_line()
    {
        await using var spool = Open();
        for (var index = 0; index < 10; index++) await AppendAsync(spool, Own.Frame(Camera, $"f{index}"), 100_000);
        using var feed = spool.Read();
        var taken = new List<SpoolRecord>();
        while (feed.TryRead() is { } record) taken.Add(record);
        Assert.Equal(3, taken.Count);
        await AppendAsync(spool, Own.Inspection(Camera));
        Assert.Equal(SpoolClass.Results, feed.TryRead()!.Class);
        feed.Return(taken[0]);
        Assert.Equal(4, feed.TryRead()!.Position);
    }

    [Fact]
    public async Task Over_the_budget_the_least_worth_having_go_and_are_counted_by_kind()
    {
        await using var spool = Open(budget: 4 << 20);
        for (var index = 0; index < 250; index++)
        {
            await AppendAsync(spool, Own.Frame(Camera, $"f{index}"), 10_000);
            await AppendAsync(spool, Own.Inspection(Camera), 4000);
            await AppendAsync(spool, Own.Drift(Camera), 1000);
        }
        // Pictures have a half of the budget, and pay for that half themselves.
        Assert.InRange(spool.Losses.Of(TopicKind.Frame, SpoolLossReason.Budget), 1, 250);
        Assert.Equal(0, spool.Losses.Of(TopicKind.Inspection, SpoolLossReason.Budget));
        for (var index = 0; index < 750; index++) await AppendAsync(spool, Own.Inspection(Camera), 4000);
        // Room for 1000 results of 4 kB there is only without pictures, and for more only without drift windows.
        Assert.Equal(250, spool.Losses.Of(TopicKind.Frame, SpoolLossReason.Budget));
        Assert.Equal(0, spool.Losses.Of(TopicKind.Inspection, SpoolLossReason.Budget));
        for (var index = 0; index < 200; index++) await AppendAsync(spool, Own.Inspection(Camera), 4000);
        Assert.Equal(250, spool.Losses.Of(TopicKind.Drift, SpoolLossReason.Budget));
        var given = spool.Losses.Of(TopicKind.Inspection, SpoolLossReason.Budget);
        Assert.InRange(given, 1, 400);

        var left = Drain(spool);
        Assert.Equal(Enumerable.Range((int)given + 1, 1200 - (int)given), left.Select(it => (int)it.Sequence));
        Assert.Equal(500 + given, spool.Health.EvictedMessages);
        Assert.Equal([(TopicKind.Inspection, given), (TopicKind.Drift, 250L), (TopicKind.Frame, 250L)], spool.Health.Losses!.Select(it => (it.Kind!.Value, it.Messages)));
        Assert.InRange(Directory.GetFiles(_folder.Path, "*.log", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length), 1, 4 << 20);
    }

    [Fact]
    public async Task What_has_expired_goes_before_what_is_worth_something_and_is_counted_apart()
    {
        await using var spool = Open(budget: 2 << 20);
        for (var index = 0; index < 50; index++) await AppendAsync(spool, Own.Health, 2000);
        _time.Advance(TimeSpan.FromHours(25));
        for (var index = 0; index < 60; index++) await AppendAsync(spool, Own.Frame(Camera, $"f{index}"), 10_000);
        for (var index = 0; index < 350; index++) await AppendAsync(spool, Own.Inspection(Camera), 4000);
        // Health is the most valuable class while it is fresh; a day later nobody wants it.
        Assert.InRange(spool.Losses.Of(TopicKind.Health, SpoolLossReason.Expired), 1, 50);
        Assert.Equal((0, 0), (spool.Losses.Of(TopicKind.Health, SpoolLossReason.Budget), spool.Losses.Of(TopicKind.Frame, SpoolLossReason.Budget)));
        Assert.Equal(0, spool.Health.EvictedMessages);
        using var feed = spool.Read();
        while (feed.TryRead() is { } record)
        {
            Assert.Equal(record.Class == SpoolClass.Control, feed.Expired(record));
            feed.Return(record);
        }
    }

    [Theory]
    [InlineData(0, "2026-12-02", 1, false)] // an agent that noted no time
    [InlineData(1, "2026-12-02", 0, false)] // no limit
    [InlineData(1, "2026-12-01T00:59:00", 1, false)]
    [InlineData(1, "2026-12-01T01:01:00", 1, true)]
    [InlineData(1, "1970-01-05", 1, false)] // a clock that was not set yet
    [InlineData(1, "2026-11-20", 1, false)] // one that was turned back
    [InlineData(-1, "2026-12-02", 1, false)] // written before it was set
    public void Only_a_clock_that_was_set_makes_a_message_old(int written, string now, double hours, bool over)
    {
        var at = written switch { 0 => 0, -1 => 86_400_000, _ => new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() };
        var then = DateTimeOffset.Parse(now, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeMilliseconds();
        Assert.Equal(over, TimeToLive.IsOver(at, then, TimeSpan.FromHours(hours)));
        Assert.Equal(hours == 0, TimeToLive.SecondsLeft(at, then, TimeSpan.FromHours(hours)) == 0);
    }

    /// <summary>The folder as agents without classes wrote it, in the middle of an outage.</summary>
    [Fact]
    public async Task An_upgrade_in_the_middle_of_an_outage_loses_nothing()
    {
        var records = new ArrayBufferWriter<byte>();
        string[] topics = [Own.Inspection(Camera), Own.Health, Own.Frame(Camera, "f")];
        for (var index = 1; index <= 300; index++) SpoolRecord.Write(records, index, topics[index % 3], Encoding.UTF8.GetBytes($"7/{index}/0"), default);
        await File.WriteAllBytesAsync(_folder["00000000000000000001.log"], records.WrittenMemory.ToArray(), Token);
        await File.WriteAllTextAsync(_folder["cursor"], "100", Token);
        await File.WriteAllTextAsync(_folder["boot"], "7", Token);

        await using (var spool = Open())
        {
            Assert.Equal((8, 200), (spool.Boot, spool.Health.WaitingMessages));
            for (var index = 0; index < 50; index++) await AppendAsync(spool, Own.Inspection(Camera));
            // And an agent that is killed half-way through.
            using var feed = spool.Read();
            for (var index = 0; index < 120; index++)
            {
                var record = feed.TryRead()!;
                spool.Acknowledge(record);
                feed.Return(record);
            }
        }
        await using var again = Open();
        var done = (Earlier: (int)again.Acknowledged(SpoolClass.Earlier), Results: (int)again.Acknowledged(SpoolClass.Results));
        Assert.Equal(220, done.Earlier + done.Results);
        var rest = Drain(again);
        Assert.Equal(Enumerable.Range(done.Earlier + 1, 300 - done.Earlier), rest.Where(it => it.Stream == 0).Select(it => (int)it.Sequence));
        Assert.Equal(Enumerable.Range(done.Results + 1, 50 - done.Results), rest.Where(it => it.Stream == 2).Select(it => (int)it.Sequence));
        Assert.DoesNotContain(again.Health.Classes!, it => it.Name == "earlier");
    }

    private SpoolLog Open(long budget = 64 << 20) => new(_folder.Path, Device, budget, _time, NullLogger<SpoolLog>.Instance);

    private static async Task AppendAsync(SpoolLog spool, string topic, int size = 0) =>
        Assert.Equal(AppendOutcome.Stored, await spool.AppendAsync(topic, origin => Encoding.UTF8.GetBytes($"{origin.Boot}/{origin.Sequence}/{origin.Stream}".PadRight(size)), Token));

    /// <summary>All that waits, acknowledged message by message.</summary>
    private static List<Origin> Drain(SpoolLog spool)
    {
        using var feed = spool.Read();
        var read = new List<Origin>();
        while (feed.TryRead() is { } record)
        {
            var parts = Encoding.UTF8.GetString(record.Payload.Span).TrimEnd().Split('/').Select(part => long.Parse(part, CultureInfo.InvariantCulture)).ToArray();
            read.Add(new Origin(Device, parts[0], parts[1], (int)parts[2]));
            spool.Acknowledge(record);
            feed.Return(record);
        }
        return read;
    }
}

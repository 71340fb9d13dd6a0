using System.Globalization;
using System.Text;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Spool;

public sealed class SpoolLogTests : IDisposable
{
    private const string Topic = "cvops/v1/plant/cam-1/inspection/a";
    private readonly TestFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Messages_come_back_in_order_with_their_origin_also_after_a_restart()
    {
        await using (var spool = Open())
        {
            for (var index = 1; index <= 50; index++) Assert.Equal(AppendOutcome.Stored, await AppendAsync(spool));
            Assert.Equal(Expected(1, 1, 50), ReadAll(spool));
        }
        await using var again = Open();
        Assert.Equal(2, again.Boot);
        await AppendAsync(again);
        Assert.Equal([.. Expected(1, 1, 50), "2/1"], ReadAll(again));
    }

    [Fact]
    public async Task The_cursor_moves_only_by_acknowledgement_and_survives_a_restart()
    {
        await using (var spool = Open())
        {
            for (var index = 0; index < 10; index++) await AppendAsync(spool);
            Assert.Equal(10, ReadAll(spool).Count);
            Assert.Equal(10, spool.Health.WaitingMessages);
            Acknowledge(spool, 7);
            Assert.Equal(Expected(1, 8, 10), ReadAll(spool));
            Assert.Equal(3, spool.Health.WaitingMessages);
        }
        await using var again = Open();
        Assert.Equal(Expected(1, 8, 10), ReadAll(again));
        Acknowledge(again, 3);
        Assert.Empty(ReadAll(again));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(30)]
    public async Task A_torn_tail_twice_loses_only_the_unfinished_message(int cut)
    {
        for (var round = 1; round <= 2; round++)
        {
            await using (var spool = Open()) await AppendAsync(spool);
            // What a power cut leaves of a record that was being written.
            var file = Directory.GetFiles(_folder["results"], "*.log").Single();
            var whole = await File.ReadAllBytesAsync(file, Token);
            await File.WriteAllBytesAsync(file, [.. whole, .. whole[..cut]], Token);
        }
        await using (var damaged = Open())
        {
            await AppendAsync(damaged);
            Assert.Equal(["1/1", "2/1", "3/1"], ReadAll(damaged));
        }
    }

    [Fact]
    public async Task A_flipped_bit_is_not_believed_and_costs_only_its_segments_rest()
    {
        await using (var spool = Open(budget: 2 << 20))
        {
            for (var index = 0; index < 100; index++) await AppendAsync(spool, 4000);
        }
        var files = Directory.GetFiles(_folder["results"], "*.log").Order(StringComparer.Ordinal).ToArray();
        Assert.True(files.Length > 2);
        var bytes = await File.ReadAllBytesAsync(files[0], Token);
        bytes[bytes.Length / 2] ^= 4;
        await File.WriteAllBytesAsync(files[0], bytes, Token);
        await using var again = Open(budget: 2 << 20);
        var read = ReadAll(again);
        var second = int.Parse(Path.GetFileNameWithoutExtension(files[1]), CultureInfo.InvariantCulture);
        Assert.InRange(read.Count, 100 - second + 1, 99);
        Assert.Equal(Expected(1, second, 100), read[^(100 - second + 1)..]);
        Assert.Equal(Expected(1, 1, read.Count - (100 - second + 1)), read[..(read.Count - (100 - second + 1))]);
    }

    [Fact]
    public async Task A_reader_goes_on_behind_what_was_evicted_under_it()
    {
        await using var spool = Open(budget: 1 << 20);
        await AppendAsync(spool, 4000);
        using var reader = spool.Read();
        Assert.Equal(1, reader.TryRead()!.Position);
        for (var index = 0; index < 500; index++) await AppendAsync(spool, 4000);
        var next = reader.TryRead()!.Position;
        Assert.Equal(501 - next + 1, spool.Health.WaitingMessages);
        Assert.Equal(next - 1, spool.Losses.Of(TopicKind.Inspection, SpoolLossReason.Budget));
    }

    [Fact]
    public async Task Acknowledged_segments_leave_the_disk()
    {
        await using var spool = Open(budget: 1 << 20);
        for (var index = 0; index < 200; index++) await AppendAsync(spool, 4000);
        Assert.True(Directory.GetFiles(_folder["results"], "*.log").Length > 3);
        Acknowledge(spool, 200);
        Assert.Single(Directory.GetFiles(_folder["results"], "*.log"));
        Assert.Equal(0, spool.Health.WaitingMessages);
        Assert.Equal(0, spool.Health.EvictedMessages);
    }

    [Fact]
    public async Task A_message_over_the_limit_is_set_aside_with_its_reason()
    {
        await using var spool = Open();
        Assert.Equal(AppendOutcome.SetAside, await spool.AppendAsync(Topic, _ => new byte[Limits.MessageBytes + 1], Token));
        Assert.Equal(AppendOutcome.Stored, await AppendAsync(spool));
        Assert.Equal(["1/1"], ReadAll(spool));
        var letter = await File.ReadAllBytesAsync(Directory.GetFiles(_folder["dead-letters"]).Single(), Token);
        Assert.StartsWith($"topic: {Topic}\n", Encoding.UTF8.GetString(letter.AsSpan(0, 200)), StringComparison.Ordinal);
        Assert.Equal(1, spool.Health.DeadLetters);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_is_a_problem_said_and_heals()
    {
        var folder = _folder["spool"];
        await File.WriteAllTextAsync(folder, "a file where the folder should be", Token);
        await using var spool = Open(folder: folder);
        Assert.Equal(AppendOutcome.Lost, await AppendAsync(spool));
        Assert.Contains(folder, spool.Problem, StringComparison.Ordinal);
        Assert.Equal((0, 1), (spool.Boot, spool.Health.EvictedMessages));

        File.Delete(folder);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(AppendOutcome.Stored, await AppendAsync(spool));
        Assert.Null(spool.Problem);
        Assert.Equal(["1/1"], ReadAll(spool));
    }

    [Fact]
    public async Task A_payload_that_cannot_be_made_harms_no_other()
    {
        await using var spool = Open();
        await Assert.ThrowsAsync<InvalidOperationException>(() => spool.AppendAsync(Topic, _ => throw new InvalidOperationException("no"), Token));
        await AppendAsync(spool);
        Assert.Equal(["1/1"], ReadAll(spool));
    }

    [Fact]
    public async Task A_boot_number_that_cannot_be_read_stops_sending_rather_than_repeat_one()
    {
        await File.WriteAllTextAsync(_folder["boot"], "?", Token);
        await using var spool = Open();
        Assert.Equal(AppendOutcome.Lost, await AppendAsync(spool));
        Assert.Contains("boot number", spool.Problem, StringComparison.Ordinal);
    }

    private static List<string> Expected(long boot, int from, int to) =>
        [.. Enumerable.Range(from, to - from + 1).Select(sequence => string.Create(CultureInfo.InvariantCulture, $"{boot}/{sequence}"))];

    /// <summary>The next so many.</summary>
    private static void Acknowledge(SpoolLog spool, int messages)
    {
        using var reader = spool.Read();
        for (var index = 0; index < messages; index++)
        {
            var record = reader.TryRead()!;
            spool.Acknowledge(record);
            reader.Return(record);
        }
    }

    private static Task<AppendOutcome> AppendAsync(SpoolLog spool, int size = 0, string topic = Topic) =>
        spool.AppendAsync(topic, origin => Encoding.UTF8.GetBytes($"{origin.Boot}/{origin.Sequence}".PadRight(size)), Token);

    private static List<string> ReadAll(SpoolLog spool)
    {
        using var reader = spool.Read();
        var read = new List<string>();
        while (reader.TryRead() is { } record)
        {
            read.Add(Encoding.UTF8.GetString(record.Payload.Span).TrimEnd());
            reader.Return(record);
        }
        return read;
    }

    private SpoolLog Open(long budget = 64 << 20, string? folder = null) =>
        new(folder ?? _folder.Path, new DeviceId("cam-1"), budget, _time, NullLogger<SpoolLog>.Instance);
}

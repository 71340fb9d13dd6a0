using System.Buffers;
using System.Globalization;
using System.Text;
using CvOps.Agent.Spool;
using CvOps.Testing;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Spool;

public sealed class SpoolReaderTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ArrayBufferWriter<byte> _records = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Whatever_is_appended_in_whatever_groups_is_read_once_in_order() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(PositiveInt[] Sizes, int Seed)>(), it =>
        {
            var chance = new System.Random(it.Seed);
            using var folder = new TestFolder();
            using var store = Open(folder.Path, budget: 64 << 20);
            using var reader = new SpoolReader(store);
            var (written, read) = (new List<string>(), new List<string>());
            var held = new Queue<SpoolRecord>();
            foreach (var size in it.Sizes)
            {
                // Small ones and some larger than what is read ahead.
                var group = Enumerable.Range(0, chance.Next(1, 20)).Select(index => $"{chance.Next(3)}:{new string((char)('a' + index), chance.Next(50) == 0 ? 150_000 : size.Get % 700)}").ToList();
                Append(store, group);
                written.AddRange(group);
                while (chance.Next(4) > 0 && reader.TryRead() is { } record)
                {
                    held.Enqueue(record);
                    if (held.Count > 5) Settle();
                }
            }
            while (reader.TryRead() is { } record) held.Enqueue(record);
            while (held.Count > 0) Settle();
            Assert.Equal(written, read);
            return reader.Next == store.Next;

            void Settle()
            {
                var record = held.Dequeue();
                read.Add(Encoding.UTF8.GetString(record.Payload.Span));
                Assert.Equal($"topic/{read[^1][0]}", record.Topic);
                Assert.Equal(read.Count, record.Position);
                reader.Return(record);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_record_given_back_is_filled_again_and_one_that_is_kept_stays_as_it_was()
    {
        using var store = Open(_folder.Path);
        Append(store, ["0:first", "0:second", "0:third"]);
        using var reader = new SpoolReader(store);
        var (first, second) = (reader.TryRead()!, reader.TryRead()!);
        reader.Return(first);
        var third = reader.TryRead()!;
        Assert.Same(first, third);
        Assert.Equal(("0:second", "0:third"), (Encoding.UTF8.GetString(second.Payload.Span), Encoding.UTF8.GetString(third.Payload.Span)));
        Assert.Same(second.Topic, third.Topic);
        Assert.Null(reader.TryRead());
    }

    [Fact]
    public void What_was_evicted_is_not_read_though_it_was_read_ahead()
    {
        using var store = Open(_folder.Path, budget: 1 << 20);
        Append(store, [.. Enumerable.Repeat("0:early", 30)]);
        using var reader = new SpoolReader(store);
        Assert.Equal(1, reader.TryRead()!.Position);
        for (var index = 0; index < 500; index++) Append(store, ["0:" + new string('x', 4000)]);
        var next = reader.TryRead()!.Position;
        Assert.Equal(store.Last - next + 1, store.WaitingMessages);
        Assert.True(next > 30, $"{next} was evicted");
    }

    [Fact]
    public void A_record_damaged_under_the_reader_costs_its_segments_rest_and_no_more()
    {
        using var store = Open(_folder.Path, budget: 2 << 20);
        for (var index = 0; index < 100; index++) Append(store, ["0:" + new string('x', 4000)]);
        using var reader = new SpoolReader(store);
        Assert.Equal(1, reader.TryRead()!.Position);
        var files = Directory.GetFiles(_folder.Path, "*.log").Order(StringComparer.Ordinal).ToArray();
        var bytes = File.ReadAllBytes(files[0]);
        bytes[^100] ^= 4;
        using (var file = File.OpenHandle(files[0], FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) RandomAccess.Write(file, bytes, 0);
        var positions = new List<long>();
        while (reader.TryRead() is { } record) positions.Add(record.Position);
        var second = long.Parse(Path.GetFileNameWithoutExtension(files[1]), CultureInfo.InvariantCulture);
        Assert.Equal(Enumerable.Range(2, 99).Select(position => (long)position).Where(position => position != second - 1), positions);
    }

    [Fact]
    public void A_topic_is_one_string_while_it_comes_again_and_right_when_it_does_not()
    {
        var topics = new TopicCache();
        for (var round = 0; round < 3; round++)
        {
            for (var index = 0; index < 1000; index++) Assert.Equal($"frame/ä{index}", topics.Text(Encoding.UTF8.GetBytes($"frame/ä{index}")));
        }
        Assert.Same(topics.Text("inspection/a"u8), topics.Text("inspection/a"u8));
    }

    private static SpoolStore Open(string folder, long budget = 64 << 20)
    {
        var store = new SpoolStore(folder, new ClassLimits(SpoolClass.Results, budget, TimeSpan.Zero, 1), TimeProvider.System, NullLogger.Instance);
        store.Open();
        return store;
    }

    /// <summary>Texts begin with a digit that names their topic.</summary>
    private void Append(SpoolStore store, List<string> texts)
    {
        var first = store.Next;
        _records.ResetWrittenCount();
        for (var index = 0; index < texts.Count; index++) SpoolRecord.Write(_records, first + index, $"topic/{texts[index][0]}", Encoding.UTF8.GetBytes(texts[index]), default);
        store.Write(texts.Count, _records.WrittenMemory);
        store.Sync();
        new SpoolBudget([store], long.MaxValue, new SpoolLosses(TimeProvider.System), NullLogger.Instance).Keep();
    }
}

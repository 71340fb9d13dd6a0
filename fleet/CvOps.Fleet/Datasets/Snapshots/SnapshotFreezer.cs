using System.Buffers;
using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Grouping;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using CvOps.Plans.Selectors;
using Dapper;

namespace CvOps.Fleet.Datasets.Snapshots;

/// <summary>A document that lies in the blob store.</summary>
internal sealed record FrozenDocument(string Digest, SnapshotTally Tally, long Bytes);

/// <summary>
/// Writes the document of a snapshot: one moment of the database, row by row in the order of frame ids, into a blob that is none until it is whole. Rows are made
/// into entries on several cores, some hundred at a time; memory holds those and what groups are made of.
/// </summary>
internal sealed class SnapshotFreezer(Database database, BlobStore blobs, PictureLight light)
{
    private const int Together = 512;
    private const int TellEvery = 20;
    private static readonly int Ahead = 2 * Environment.ProcessorCount;

    // The sum keeps SQLite from choosing an index by state, whose rows it would have to sort, in memory and with their documents.
    private const string Asked = """
        f.state + 0 = @Labelled AND (@Device IS NULL OR f.device = @Device) AND (@Camera IS NULL OR f.camera = @Camera)
        AND (@Since IS NULL OR f.captured_at >= @Since) AND (@Until IS NULL OR f.captured_at < @Until)
        """;

    /// <param name="tell">Stage, how many are done, and of how many; from one thread at a time.</param>
    /// <returns>Null when no labelled frame matches.</returns>
    public async Task<FrozenDocument?> FreezeAsync(SnapshotRequest request, Action<string, long, long> tell, CancellationToken cancel)
    {
        await light.MeasureAsync((done, of) => tell("measuring", done, of), cancel);
        return await database.ReadMomentAsync(connection => Freeze(connection, request, tell, cancel), cancel);
    }

    private FrozenDocument? Freeze(DbConnection connection, SnapshotRequest request, Action<string, long, long> tell, CancellationToken cancel)
    {
        var values = new
        {
            Labelled = (int)LabelState.Labelled, Device = request.Device?.Value, Camera = request.Camera?.Value,
            Since = request.Since is { } since ? SqlTime.Of(since) : (long?)null, Until = request.Until is { } until ? SqlTime.Of(until) : (long?)null,
        };
        var of = connection.ExecuteScalar<long>($"SELECT count(*) FROM frames AS f WHERE {Asked}", values);
        if (of == 0) return null;
        tell("grouping", 0, of);
        var bursts = GroupReader.Bursts(connection, request.BurstSeconds);
        var own = GroupReader.Read(connection, SplitBy.Part, bursts);
        var groups = request.GroupBy == SplitBy.Part ? own : GroupReader.Read(connection, request.GroupBy, bursts);
        var work = new Work(new SnapshotChoice(request, GoldenContact.Read(connection, own), groups, StaleSynthetics.Read(connection)),
            request.Where is null ? null : LabelSelector.Parse(request.Where), light);

        using var document = blobs.Create();
        var tally = new SnapshotTally();
        var pending = new Queue<Task<Piece>>();
        var (done, last) = (0L, "");
        foreach (var rows in Rows(connection, values).Chunk(Together))
        {
            cancel.ThrowIfCancellationRequested();
            pending.Enqueue(Task.Run(() => work.Do(rows), cancel));
            if (pending.Count >= Ahead) Take();
        }
        while (pending.Count > 0) Take();
        return tally.Frames == 0 ? null : new FrozenDocument(document.Keep(), tally, document.Bytes);

        void Take()
        {
            var piece = pending.Dequeue().GetAwaiter().GetResult();
            // Frames are found in the document by halving it: a database that sorts otherwise must not go unnoticed.
            if (string.CompareOrdinal(last, piece.First) >= 0) throw new InvalidDataException($"The database gave frame {piece.First} after {last}; frames have to come by their ids.");
            last = piece.Last;
            document.Write(piece.Lines.WrittenSpan);
            tally.Add(piece.Tally);
            done += piece.Rows;
            if (done / Together % TellEvery == 0) tell("freezing", done, of);
        }
    }

    private IEnumerable<Row> Rows(DbConnection connection, object values)
    {
        using var rows = connection.ExecuteReader(
            $"SELECT f.id, f.body, f.brightness, f.device, d.site, d.labels FROM frames AS f LEFT JOIN devices AS d ON d.id = f.device WHERE {Asked} ORDER BY f.id{database.ByteOrder}", values);
        while (rows.Read())
            yield return new Row(rows.GetString(0), rows.GetString(1), rows.IsDBNull(2) ? null : rows.GetInt32(2), Text(rows, 3), Text(rows, 4), Text(rows, 5));
    }

    private static string? Text(System.Data.IDataRecord rows, int column) => rows.IsDBNull(column) ? null : rows.GetString(column);

    private readonly record struct Row(string Id, string Body, int? Brightness, string? Device, string? Site, string? Labels);

    /// <summary>Some hundred rows as entries.</summary>
    private sealed record Piece(string First, string Last, int Rows, ArrayBufferWriter<byte> Lines, SnapshotTally Tally);

    private sealed class Work(SnapshotChoice choice, LabelSelector? where, PictureLight light)
    {
        private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

        private readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, string>> _labels = new(StringComparer.Ordinal);

        public Piece Do(Row[] rows)
        {
            var (lines, tally) = (new ArrayBufferWriter<byte>(rows.Length * 640), new SnapshotTally());
            using var json = new Utf8JsonWriter(lines);
            foreach (var row in rows)
            {
                var labels = row.Labels is null ? NoLabels : _labels.GetOrAdd(row.Labels, Parse);
                if (where is not null && !(row.Device is not null && where.Matches(new DeviceLabels(row.Device, row.Site ?? "", labels, [])))) continue;
                var frame = FrameTable.Parse(row.Body);
                // Labelled since the others were measured.
                var brightness = row.Brightness ?? light.Of(frame.ImageDigest);
                if (choice.Choose(frame, brightness == PictureLight.Unreadable ? null : brightness, AttributeRule.Slices(labels.Count == 0 ? null : labels, frame), out var leftOut) is not { } entry)
                {
                    tally.LeaveOut(leftOut!);
                    continue;
                }
                tally.Add(entry);
                JsonSerializer.Serialize(json, entry, ContractsJson.Default.DatasetEntry);
                json.Flush();
                json.Reset();
                lines.Write("\n"u8);
            }
            return new Piece(rows[0].Id, rows[^1].Id, rows.Length, lines, tally);
        }

        // By name, so that the same labels are the same bytes.
        private static IReadOnlyDictionary<string, string> Parse(string json) =>
            new SortedDictionary<string, string>((Dictionary<string, string>)JsonSerializer.Deserialize(json, ContractsJson.Default.IReadOnlyDictionaryStringString)!, StringComparer.Ordinal);
    }
}

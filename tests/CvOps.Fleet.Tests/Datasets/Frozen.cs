using System.Security.Cryptography;
using System.Text;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Datasets.Snapshots;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Datasets;

/// <summary>A real database and blob store with frames that a test makes up, and what freezes them.</summary>
internal sealed class Frozen : IDisposable
{
    public static readonly DateTimeOffset At = new(2026, 11, 1, 6, 0, 0, TimeSpan.Zero);

    private readonly TestFolder _folder = new();

    public Frozen()
    {
        Directory.CreateDirectory(Data);
        Database = new SqliteDatabase(Path.Combine(Data, "fleet.db"));
        Blobs = new BlobStore(Path.Combine(Data, "blobs"));
        Store = new DatasetStore(Database, Blobs, new SnapshotFreezer(Database, Blobs, new PictureLight(Database, Blobs)), TimeProvider.System);
    }

    public string Data => _folder["data"];

    public SqliteDatabase Database { get; }

    public BlobStore Blobs { get; }

    public DatasetStore Store { get; }

    /// <summary>A labelled frame with a picture of its own; each has its own part, unless the test takes that away.</summary>
    /// <param name="stored">Whether the picture lies in the blob store; that waits for the disk.</param>
    public FrameView Frame(string id, string label = "ok", string? picture = null, bool stored = false) => new()
    {
        Id = id, Device = new DeviceId("line-1"), Camera = new CameraId("top"), Part = $"part-{id}", CapturedAt = At, Reasons = [new SamplingReason("audit", 1)],
        ImageDigest = stored ? Blobs.Put(TestPictures.Jpeg(picture ?? id)) : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(picture ?? id))), Width = 16, Height = 16, State = LabelState.Labelled, Use = FrameUse.Training, Label = new FrameLabel(label, [], "test", At),
    };

    public Task AddAsync(params FrameView[] frames) => Database.WriteAsync(connection => FrameTable.InsertAll(connection, frames, "test", At), TestContext.Current.CancellationToken);

    public Task LabelAsync(FrameView frame, string label, DateTimeOffset at) => Database.WriteAsync(connection =>
    {
        FrameTable.Label(connection, frame with { Label = new FrameLabel(label, [], "test", at) }, "test", at);
        return true;
    }, TestContext.Current.CancellationToken);

    public static SnapshotRequest Request(SplitShares? splits = null) => new("test", "tester") { Splits = splits };

    public async Task<DatasetView> FreezeAsync(SnapshotRequest? request = null)
    {
        Assert.Empty(SnapshotRule.Mistakes(request ?? Request()));
        return await Store.SnapshotAsync(request ?? Request(), TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("Nothing was frozen.");
    }

    /// <summary>Every entry of a snapshot, by its frame.</summary>
    public Dictionary<string, DatasetEntry> Entries(DatasetView view) => Store.DocumentOf(view.Digest).Read().ToDictionary(entry => entry.FrameId);

    public void Dispose()
    {
        Database.Dispose();
        _folder.Dispose();
    }
}

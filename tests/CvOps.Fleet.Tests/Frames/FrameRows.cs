using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Frames;

/// <summary>A real database with frames in it, without the rest of a fleet.</summary>
internal sealed class FrameRows : IDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private readonly TestFolder _folder = new();

    public FrameRows() => Database = new SqliteDatabase(_folder["fleet.db"]);

    public Database Database { get; }

    public static FrameView View(string id, string? device = "press-1", string camera = "top", double margin = 0.5, string rule = "margin", double confidence = 0.6, double? inclusion = null, string says = "ok") => new()
    {
        Id = id, Device = device is null ? null : new DeviceId(device), Camera = new CameraId(camera), CapturedAt = Noon, Model = new ModelRef("line", "1", new string('a', 64)),
        Prediction = new Prediction { Class = says, Confidence = confidence, Margin = margin }, Reasons = [new SamplingReason(rule, 0.5)], InclusionProbability = inclusion,
        ImageDigest = new string('0', 64), Width = 100, Height = 80, State = LabelState.Unlabelled, Use = FrameUse.Training,
    };

    public Task AddAsync(params FrameView[] frames) =>
        Database.WriteAsync(connection => frames.Count(frame => FrameTable.Insert(connection, frame, Noon)), TestContext.Current.CancellationToken);

    public Task LabelAsync(FrameView frame, FrameLabel label) => Database.WriteAsync(connection =>
    {
        FrameTable.Label(connection, frame with { State = LabelState.Labelled, Label = label }, label.By, label.At);
        return 0;
    }, TestContext.Current.CancellationToken);

    public void Dispose()
    {
        Database.Dispose();
        _folder.Dispose();
    }
}

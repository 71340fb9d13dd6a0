using System.Data.Common;
using System.Runtime.InteropServices;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Retention.Erasure;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames;

/// <summary>Writes rows of <c>frames</c> and <c>labels</c>, any number in one transaction, by statements that are parsed once. The tally of frames is theirs after <see cref="Save"/>.</summary>
internal sealed class FrameWriter(DbConnection connection, DateTimeOffset now) : IDisposable
{
    private const string InsertRow = """
        INSERT INTO frames (id, device, camera, part, captured_at, stored_at, model, shadow_model, disagrees, uncertainty, worth, rules, image, prediction, confidence, inclusion, state, usage, labelled_at,
                            labelled_by, label_classes, label_text, verdict, synthetic, body)
        VALUES (@Id, @Device, @Camera, @Part, @CapturedAt, @StoredAt, @Model, @ShadowModel, @Disagrees, @Uncertainty, @Worth, @Rules, @Image, @Prediction, @Confidence, @Inclusion, @State, @Usage, @LabelledAt,
                @LabelledBy, @LabelClasses, @LabelText, @Verdict, @Synthetic, @Body)
        ON CONFLICT DO NOTHING
        """;

    private const string LabelRow = """
        UPDATE frames SET state = @State, usage = @Usage, labelled_at = @LabelledAt, labelled_by = @LabelledBy, label_classes = @LabelClasses, label_text = @LabelText, verdict = @Verdict, body = @Body
        WHERE id = @Id AND state = @StateBefore AND coalesce(labelled_at, @Never) = @Before
        """;

    private const string HistoryRow = "INSERT INTO labels (frame, at, by, state, kind, via, body) VALUES (@Id, @At, @By, @State, @Kind, @Via, @Body)";

    private const string OriginRow = "INSERT INTO frame_origin (frame, source, labelled_at) VALUES (@Id, @Source, @LabelledAt) ON CONFLICT DO NOTHING";

    // No label was given before 1970.
    private const long Never = -1;

    private readonly Dictionary<(string? Device, string? Camera, LabelState State), long> _moved = [];
    private PreparedCommand? _insert;
    private PreparedCommand? _label;
    private PreparedCommand? _history;
    private PreparedCommand? _origin;
    private bool? _anyErased;

    /// <returns>False when a frame of that id is there already, or it was erased and does not come back (<see cref="ErasureTable"/>).</returns>
    public bool Insert(FrameView frame) => Insert(frame, LabelColumns.Of(frame));

    /// <summary>As <see cref="Insert(FrameView)"/>, with what it was made from, and its label's history as an import's.</summary>
    public bool Import(FrameView frame, string by)
    {
        var columns = LabelColumns.Of(frame);
        if (!Insert(frame, columns)) return false;
        if (frame.Label is not null) AddHistory(columns, by);
        foreach (var source in frame.Synthetic?.Sources ?? [])
        {
            _origin ??= new PreparedCommand(connection, OriginRow, "Id", "Source", "LabelledAt");
            _origin.Run(frame.Id, source.FrameId, source.LabelledAt is { } at ? SqlTime.Of(at) : null);
        }
        return true;
    }

    /// <summary>Writes a label into a frame and into its history, as an import's, when the frame still is as it was.</summary>
    /// <param name="state">That it was in.</param>
    /// <param name="labelledAt">When it was labelled; null for never.</param>
    /// <returns>False when it is not: nothing is written then.</returns>
    public bool Label(LabelColumns columns, LabelState state, long? labelledAt, string by)
    {
        _label ??= new PreparedCommand(connection, LabelRow, "State", "Usage", "LabelledAt", "LabelledBy", "LabelClasses", "LabelText", "Verdict", "Body", "Id", "StateBefore", "Never", "Before");
        if (_label.Run((int)columns.State, (int)columns.Usage, columns.LabelledAt, columns.LabelledBy, columns.LabelClasses, columns.LabelText, (int?)columns.Verdict, columns.Body,
            columns.Id, (int)state, Never, labelledAt ?? Never) == 0) return false;
        Move(columns, state, -1);
        Move(columns, columns.State, 1);
        AddHistory(columns, by);
        return true;
    }

    /// <summary>Counts what was written where all frames are counted.</summary>
    public void Save()
    {
        foreach (var (place, frames) in _moved)
            if (frames != 0) FrameTally.Add(connection, place.Device, place.Camera, place.State, frames);
        _moved.Clear();
    }

    public void Dispose()
    {
        _insert?.Dispose();
        _label?.Dispose();
        _history?.Dispose();
        _origin?.Dispose();
    }

    /// <summary>As an import's.</summary>
    private void AddHistory(LabelColumns columns, string by)
    {
        _history ??= new PreparedCommand(connection, HistoryRow, "Id", "At", "By", "State", "Kind", "Via", "Body");
        _history.Run(columns.Id, SqlTime.Of(now), by, (int)columns.State, nameof(LabelKind.Import), "import", columns.Body);
    }

    private bool Insert(FrameView frame, LabelColumns columns)
    {
        if ((_anyErased ??= ErasureTable.HasAny(connection)) && ErasureTable.Holds(connection, frame.Id, frame.ImageDigest))
        {
            // Whoever brought it has put its picture into the store.
            connection.Execute("INSERT INTO blob_due (digest, at) SELECT @ImageDigest, @At WHERE NOT EXISTS (SELECT 1 FROM frames WHERE image = @ImageDigest) ON CONFLICT DO NOTHING", new { frame.ImageDigest, At = SqlTime.Of(now) });
            return false;
        }
        _insert ??= new PreparedCommand(connection, InsertRow, "Id", "Device", "Camera", "Part", "CapturedAt", "StoredAt", "Model", "ShadowModel", "Disagrees", "Uncertainty", "Worth", "Rules", "Image", "Prediction",
            "Confidence", "Inclusion", "State", "Usage", "LabelledAt", "LabelledBy", "LabelClasses", "LabelText", "Verdict", "Synthetic", "Body");
        if (_insert.Run(columns.Id, columns.Device, columns.Camera, frame.Part, SqlTime.Of(frame.CapturedAt), SqlTime.Of(now), frame.Model?.Digest, frame.Shadow?.Model.Digest, LabelValue.Disagrees(frame) ? 1 : 0,
            LabelValue.Order(frame), LabelValue.Worth(frame), RulesColumn(frame.Reasons), frame.ImageDigest, frame.Prediction?.Class, Finite(frame.Prediction?.Confidence), Finite(frame.InclusionProbability),
            (int)columns.State, (int)columns.Usage, columns.LabelledAt, columns.LabelledBy, columns.LabelClasses, columns.LabelText, (int?)columns.Verdict, frame.Synthetic is null ? 0 : 1, columns.Body) == 0) return false;
        Move(columns, columns.State, 1);
        return true;
    }

    private void Move(LabelColumns columns, LabelState state, long frames) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_moved, (columns.Device, columns.Camera, state), out _) += frames;

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;

    // Surrounded by commas, so that a search for one name finds no longer one.
    private static string RulesColumn(IEnumerable<SamplingReason> reasons) => $",{string.Join(',', reasons.Select(reason => reason.Rule))},";
}

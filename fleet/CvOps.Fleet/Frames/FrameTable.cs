using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames;

/// <summary>Rows of <c>frames</c> and <c>labels</c>. The body is the view as the API gives it; the columns are what queries need of it.</summary>
internal static class FrameTable
{
    private const string InsertRow = """
        INSERT INTO frames (id, device, camera, part, captured_at, stored_at, model, shadow_model, disagrees, uncertainty, rules, image, state, usage, labelled_at, body)
        VALUES (@Id, @Device, @Camera, @Part, @CapturedAt, @StoredAt, @Model, @ShadowModel, @Disagrees, @Uncertainty, @Rules, @Image, @State, @Usage, @LabelledAt, @Body)
        ON CONFLICT DO NOTHING
        """;

    private const string LabelRow = "UPDATE frames SET state = @State, usage = @Usage, labelled_at = @At, body = @Body WHERE id = @Id";

    private const string HistoryRow = "INSERT INTO labels (frame, at, by, state, body) VALUES (@Id, @At, @By, @State, @Body)";

    /// <returns>False when a frame of that id is there already.</returns>
    public static bool Insert(DbConnection connection, FrameView frame, DateTimeOffset now) => connection.Execute(InsertRow, Row(frame, now)) == 1;

    /// <summary>As <see cref="Insert"/> for each, with the history of those that have a label; one statement serves all.</summary>
    /// <returns>How many were not there yet.</returns>
    public static int InsertAll(DbConnection connection, IReadOnlyCollection<FrameView> frames, string by, DateTimeOffset now)
    {
        var inserted = connection.Execute(InsertRow, frames.Select(frame => Row(frame, now)));
        connection.Execute(HistoryRow, frames.Where(frame => frame.Label is not null).Select(frame => History(frame, by, now)));
        return inserted;
    }

    /// <summary>Writes the label into the frame and into its history.</summary>
    public static void Label(DbConnection connection, FrameView frame, string by, DateTimeOffset at)
    {
        var row = History(frame, by, at);
        connection.Execute(LabelRow, row);
        connection.Execute(HistoryRow, row);
    }

    /// <summary>As <see cref="Label"/> for each that was labelled when it is said to have been, null for never; one statement serves all.</summary>
    /// <returns>How many were.</returns>
    public static int LabelAll(DbConnection connection, IEnumerable<(FrameView Frame, DateTimeOffset? Before)> frames, string by, DateTimeOffset at)
    {
        var rows = frames.Select(pair => History(pair.Frame, by, at) with { Before = pair.Before is { } before ? SqlTime.Of(before) : null }).ToArray();
        var labelled = connection.Execute(LabelRow + " AND (labelled_at = @Before OR (labelled_at IS NULL AND @Before IS NULL))", rows);
        connection.Execute(HistoryRow, rows);
        return labelled;
    }

    public static void AddHistory(DbConnection connection, FrameView frame, string by, DateTimeOffset at) => connection.Execute(HistoryRow, History(frame, by, at));

    private static object Row(FrameView frame, DateTimeOffset now) => new
    {
        frame.Id, Device = frame.Device?.Value, Camera = frame.Camera?.Value, frame.Part, CapturedAt = SqlTime.Of(frame.CapturedAt), StoredAt = SqlTime.Of(now),
        Model = frame.Model?.Digest, ShadowModel = frame.Shadow?.Model.Digest,
        Disagrees = frame.Prediction is { } said && LabelValue.Disagrees(said, frame.Shadow) ? 1 : 0, Uncertainty = Order(frame),
        Rules = RulesColumn(frame.Reasons), Image = frame.ImageDigest, State = (int)frame.State, Usage = (int)frame.Use,
        LabelledAt = frame.Label is { } label ? SqlTime.Of(label.At) : (long?)null, Body = JsonSerializer.Serialize(frame, ContractsJson.Default.FrameView),
    };

    private static LabelledRow History(FrameView frame, string by, DateTimeOffset at) =>
        new(frame.Id, (int)frame.State, (int)frame.Use, SqlTime.Of(at), by, JsonSerializer.Serialize(frame, ContractsJson.Default.FrameView), null);

    private sealed record LabelledRow(string Id, int State, int Usage, long At, string By, string Body, long? Before);

    public static FrameView? Find(DbConnection connection, string id) =>
        connection.QuerySingleOrDefault<string>("SELECT body FROM frames WHERE id = @id", new { id }) is { } body ? Parse(body) : null;

    public static FrameView Parse(string body) => JsonSerializer.Deserialize(body, ContractsJson.Default.FrameView)!;

    /// <summary>Among frames of a kind: where models disagree by lot, those that no lot drew behind them; else the least certain first.</summary>
    private static double Order(FrameView frame)
    {
        if (frame.Prediction is not { } prediction) return 0;
        var uncertainty = LabelValue.Uncertainty(prediction);
        return !LabelValue.Disagrees(prediction, frame.Shadow) ? uncertainty : JudgementLot.Drew(frame) ? JudgementLot.Place(frame) : uncertainty - 1;
    }

    // Surrounded by commas, so that a search for one name finds no longer one.
    private static string RulesColumn(IEnumerable<SamplingReason> reasons) => $",{string.Join(',', reasons.Select(reason => reason.Rule))},";
}

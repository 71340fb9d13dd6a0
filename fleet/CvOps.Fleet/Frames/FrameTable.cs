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
    /// <returns>False when a frame of that id is there already.</returns>
    public static bool Insert(DbConnection connection, FrameView frame, DateTimeOffset now) => connection.Execute(
        """
        INSERT INTO frames (id, device, camera, part, captured_at, stored_at, model, shadow_model, disagrees, uncertainty, rules, image, state, usage, labelled_at, body)
        VALUES (@Id, @Device, @Camera, @Part, @CapturedAt, @StoredAt, @Model, @ShadowModel, @Disagrees, @Uncertainty, @Rules, @Image, @State, @Usage, @LabelledAt, @Body)
        ON CONFLICT DO NOTHING
        """,
        new
        {
            frame.Id, Device = frame.Device?.Value, Camera = frame.Camera?.Value, frame.Part, CapturedAt = SqlTime.Of(frame.CapturedAt), StoredAt = SqlTime.Of(now),
            Model = frame.Model?.Digest, ShadowModel = frame.Shadow?.Model.Digest,
            Disagrees = frame.Prediction is { } said && LabelValue.Disagrees(said, frame.Shadow) ? 1 : 0, Uncertainty = Order(frame),
            Rules = RulesColumn(frame.Reasons), Image = frame.ImageDigest, State = (int)frame.State, Usage = (int)frame.Use,
            LabelledAt = frame.Label is { } label ? SqlTime.Of(label.At) : (long?)null, Body = JsonSerializer.Serialize(frame, ContractsJson.Default.FrameView),
        }) == 1;

    /// <summary>Writes the label into the frame and into its history.</summary>
    public static void Label(DbConnection connection, FrameView frame, string by, DateTimeOffset at)
    {
        connection.Execute("UPDATE frames SET state = @State, usage = @Usage, labelled_at = @At, body = @Body WHERE id = @Id",
            new { State = (int)frame.State, Usage = (int)frame.Use, At = SqlTime.Of(at), Body = JsonSerializer.Serialize(frame, ContractsJson.Default.FrameView), frame.Id });
        AddHistory(connection, frame, by, at);
    }

    public static void AddHistory(DbConnection connection, FrameView frame, string by, DateTimeOffset at) => connection.Execute(
        "INSERT INTO labels (frame, at, by, state, body) VALUES (@Id, @At, @By, @State, @Body)",
        new { frame.Id, At = SqlTime.Of(at), By = by, State = (int)frame.State, Body = JsonSerializer.Serialize(frame, ContractsJson.Default.FrameView) });

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

using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Frames.Search;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames;

/// <summary>Rows of <c>frames</c> and <c>labels</c>. The body is the view as the API gives it; the columns are what queries need of it. Whatever changes a frame's state keeps <see cref="FrameTally"/>.</summary>
internal static class FrameTable
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
        WHERE id = @Id
        """;

    private const string OriginRow = "INSERT INTO frame_origin (frame, source, labelled_at) VALUES (@Id, @Source, @LabelledAt) ON CONFLICT DO NOTHING";

    private const string HistoryRow = "INSERT INTO labels (frame, at, by, state, kind, via, body) VALUES (@Id, @At, @By, @State, @Kind, @Via, @Body)";

    private const string Imported = "import";

    /// <returns>False when a frame of that id is there already.</returns>
    public static bool Insert(DbConnection connection, FrameView frame, DateTimeOffset now)
    {
        if (connection.Execute(InsertRow, Row(frame, now)) == 0) return false;
        FrameTally.Add(connection, frame, 1);
        return true;
    }

    /// <summary>As <see cref="Insert"/> for each, with the history of those that have a label; one statement serves all.</summary>
    /// <returns>How many were not there yet; the transaction is to be given up when those are not all.</returns>
    public static int InsertAll(DbConnection connection, IReadOnlyCollection<FrameView> frames, string by, DateTimeOffset now)
    {
        var inserted = connection.Execute(InsertRow, frames.Select(frame => Row(frame, now)));
        connection.Execute(HistoryRow, frames.Where(frame => frame.Label is not null).Select(frame => History(frame, by, now, LabelKind.Import, Imported)));
        connection.Execute(OriginRow, frames.SelectMany(Origins));
        foreach (var kind in frames.CountBy(frame => (frame.Device, frame.Camera, frame.State))) FrameTally.Add(connection, kind.Key.Device?.Value, kind.Key.Camera?.Value, kind.Key.State, kind.Value);
        return inserted;
    }

    /// <summary>Writes the label into the frame and into its history.</summary>
    public static void Label(DbConnection connection, FrameView frame, string by, DateTimeOffset at, LabelKind kind = LabelKind.Label, string? via = null)
    {
        Change(connection, frame);
        AddHistory(connection, frame, by, at, kind, via);
    }

    /// <summary>Writes state, use and label into the frame, and nothing into its history.</summary>
    public static void Change(DbConnection connection, FrameView frame) => ChangeAll(connection, [frame], LabelRow);

    /// <summary>As <see cref="Label"/> for each that was labelled when it is said to have been, null for never; one statement serves all.</summary>
    /// <returns>How many were; the transaction is to be given up when those are not all.</returns>
    public static int LabelAll(DbConnection connection, IEnumerable<(FrameView Frame, DateTimeOffset? Before)> frames, string by, DateTimeOffset at)
    {
        var all = frames.ToArray();
        var before = all.ToDictionary(pair => pair.Frame.Id, pair => pair.Before);
        var labelled = ChangeAll(connection, [.. all.Select(pair => pair.Frame)], LabelRow + " AND (labelled_at = @Before OR (labelled_at IS NULL AND @Before IS NULL))", before);
        connection.Execute(HistoryRow, all.Select(pair => History(pair.Frame, by, at, LabelKind.Import, Imported)));
        return labelled;
    }

    public static void AddHistory(DbConnection connection, FrameView frame, string by, DateTimeOffset at, LabelKind kind, string? via) => connection.Execute(HistoryRow, History(frame, by, at, kind, via));

    public static FrameView? Find(DbConnection connection, string id) =>
        connection.QuerySingleOrDefault<string>("SELECT body FROM frames WHERE id = @id", new { id }) is { } body ? Parse(body) : null;

    /// <summary>Whether a picture was made and not taken, as far as the fleet knows.</summary>
    public static bool IsSynthetic(DbConnection connection, string image) => connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM frames WHERE image = @image AND synthetic = 1)", new { image });

    public static FrameView Parse(string body) => JsonSerializer.Deserialize(body, ContractsJson.Default.FrameView)!;

    private static int ChangeAll(DbConnection connection, IReadOnlyCollection<FrameView> frames, string statement, Dictionary<string, DateTimeOffset?>? before = null)
    {
        FrameTally.Leave(connection, [.. frames.Select(frame => frame.Id)]);
        foreach (var kind in frames.CountBy(frame => (frame.Device, frame.Camera, frame.State))) FrameTally.Add(connection, kind.Key.Device?.Value, kind.Key.Camera?.Value, kind.Key.State, kind.Value);
        return connection.Execute(statement, frames.Select(frame => Labelled(frame, before?[frame.Id])));
    }

    private static object Row(FrameView frame, DateTimeOffset now)
    {
        var label = LabelWords.Of(frame.Label);
        return new
        {
            frame.Id, Device = frame.Device?.Value, Camera = frame.Camera?.Value, frame.Part, CapturedAt = SqlTime.Of(frame.CapturedAt), StoredAt = SqlTime.Of(now),
            Model = frame.Model?.Digest, ShadowModel = frame.Shadow?.Model.Digest,
            Disagrees = LabelValue.Disagrees(frame) ? 1 : 0, Uncertainty = LabelValue.Order(frame), Worth = LabelValue.Worth(frame),
            Rules = RulesColumn(frame.Reasons), Image = frame.ImageDigest, Prediction = frame.Prediction?.Class, Confidence = Finite(frame.Prediction?.Confidence), Inclusion = Finite(frame.InclusionProbability),
            State = (int)frame.State, Usage = (int)frame.Use, LabelledAt = frame.Label is { } given ? SqlTime.Of(given.At) : (long?)null,
            LabelledBy = frame.Label?.By, LabelClasses = label?.Classes, LabelText = label?.Text, Verdict = (int?)frame.Label?.Verdict, Synthetic = frame.Synthetic is null ? 0 : 1,
            Body = JsonSerializer.Serialize(frame, ContractsJson.Default.FrameView),
        };
    }

    private static object Labelled(FrameView frame, DateTimeOffset? before)
    {
        var label = LabelWords.Of(frame.Label);
        return new
        {
            frame.Id, State = (int)frame.State, Usage = (int)frame.Use, LabelledAt = frame.Label is { } given ? SqlTime.Of(given.At) : (long?)null, LabelledBy = frame.Label?.By, LabelClasses = label?.Classes,
            LabelText = label?.Text, Verdict = (int?)frame.Label?.Verdict, Body = JsonSerializer.Serialize(frame, ContractsJson.Default.FrameView), Before = before is { } then ? SqlTime.Of(then) : (long?)null,
        };
    }

    private static object History(FrameView frame, string by, DateTimeOffset at, LabelKind kind, string? via) =>
        new { frame.Id, State = (int)frame.State, At = SqlTime.Of(at), By = by, Kind = kind.ToString(), Via = via, Body = JsonSerializer.Serialize(frame, ContractsJson.Default.FrameView) };

    private static IEnumerable<object> Origins(FrameView frame) =>
        from source in frame.Synthetic?.Sources ?? [] select (object)new { frame.Id, Source = source.FrameId, LabelledAt = source.LabelledAt is { } at ? SqlTime.Of(at) : (long?)null };

    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;

    // Surrounded by commas, so that a search for one name finds no longer one.
    private static string RulesColumn(IEnumerable<SamplingReason> reasons) => $",{string.Join(',', reasons.Select(reason => reason.Rule))},";
}

using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames;

/// <summary>Rows of <c>frames</c> and <c>labels</c>. The body is the view as the API gives it; the columns are what queries need of it. Whatever changes a frame's state keeps <see cref="FrameTally"/>.</summary>
internal static class FrameTable
{
    private const string LabelRow = """
        UPDATE frames SET state = @State, usage = @Usage, labelled_at = @LabelledAt, labelled_by = @LabelledBy, label_classes = @LabelClasses, label_text = @LabelText, verdict = @Verdict, body = @Body
        WHERE id = @Id
        """;

    private const string HistoryRow = "INSERT INTO labels (frame, at, by, state, kind, via, body) VALUES (@Id, @At, @By, @State, @Kind, @Via, @Body)";

    /// <returns>False when a frame of that id is there already.</returns>
    public static bool Insert(DbConnection connection, FrameView frame, DateTimeOffset now)
    {
        using var writer = new FrameWriter(connection, now);
        var isNew = writer.Insert(frame);
        writer.Save();
        return isNew;
    }

    /// <summary>As <see cref="Insert"/> for each, with the history of those that have a label and what synthetic ones were made from.</summary>
    /// <returns>How many were not there yet.</returns>
    public static int InsertAll(DbConnection connection, IEnumerable<FrameView> frames, string by, DateTimeOffset now)
    {
        using var writer = new FrameWriter(connection, now);
        var inserted = frames.Count(frame => writer.Import(frame, by));
        writer.Save();
        return inserted;
    }

    /// <summary>Writes the label into the frame and into its history.</summary>
    public static void Label(DbConnection connection, FrameView frame, string by, DateTimeOffset at, LabelKind kind = LabelKind.Label, string? via = null)
    {
        Change(connection, frame);
        AddHistory(connection, frame, by, at, kind, via);
    }

    /// <summary>Writes state, use and label into the frame, and nothing into its history.</summary>
    public static void Change(DbConnection connection, FrameView frame)
    {
        FrameTally.Leave(connection, frame.Id);
        FrameTally.Add(connection, frame, 1);
        connection.Execute(LabelRow, LabelColumns.Of(frame));
    }

    public static void AddHistory(DbConnection connection, FrameView frame, string by, DateTimeOffset at, LabelKind kind, string? via) => connection.Execute(HistoryRow,
        new { frame.Id, State = (int)frame.State, At = SqlTime.Of(at), By = by, Kind = kind.ToString(), Via = via, Body = JsonSerializer.Serialize(frame, ContractsJson.Default.FrameView) });

    public static FrameView? Find(DbConnection connection, string id) =>
        connection.QuerySingleOrDefault<string>("SELECT body FROM frames WHERE id = @id", new { id }) is { } body ? Parse(body) : null;

    /// <summary>Whether a picture was made and not taken, as far as the fleet knows.</summary>
    public static bool IsSynthetic(DbConnection connection, string image) => connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM frames WHERE image = @image AND synthetic = 1)", new { image });

    public static FrameView Parse(string body) => JsonSerializer.Deserialize(body, ContractsJson.Default.FrameView)!;
}

using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames.Annotators;

/// <summary>Rows of <c>opinions</c>, <c>label_policy</c>, and <c>labels</c> as a history.</summary>
internal static class OpinionTable
{
    private const int ThePolicy = 1;

    /// <summary>An annotator's word on a frame; the newest takes the place of the one before, which stays in the history.</summary>
    public static void Say(DbConnection connection, string frame, LabelOpinion opinion) => connection.Execute(
        "INSERT INTO opinions (frame, by, at, body) VALUES (@frame, @By, @At, @Body) ON CONFLICT (frame, by) DO UPDATE SET at = excluded.at, body = excluded.body",
        new { frame, opinion.By, At = SqlTime.Of(opinion.At), Body = opinion.Label is { } label ? JsonSerializer.Serialize(label, ContractsJson.Default.FrameLabel) : null });

    public static LabelOpinion[] Of(DbConnection connection, string frame) => [.. connection.Query<(string By, long At, string? Body)>("SELECT by, at, body FROM opinions WHERE frame = @frame ORDER BY at, by", new { frame })
        .Select(row => new LabelOpinion(row.By, SqlTime.From(row.At), row.Body is null ? null : JsonSerializer.Deserialize(row.Body, ContractsJson.Default.FrameLabel)))];

    public static LabelPolicy Policy(DbConnection connection) =>
        connection.QuerySingleOrDefault<string>("SELECT body FROM label_policy WHERE id = @ThePolicy", new { ThePolicy }) is { } body ? JsonSerializer.Deserialize(body, ContractsJson.Default.LabelPolicy)! : new LabelPolicy();

    public static void Set(DbConnection connection, LabelPolicy policy) => connection.Execute(
        "INSERT INTO label_policy (id, body) VALUES (@ThePolicy, @body) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        new { ThePolicy, body = JsonSerializer.Serialize(policy, ContractsJson.Default.LabelPolicy) });

    public static LabelEvent[] History(DbConnection connection, string frame) => [.. connection.Query<(long At, string By, string Kind, string? Via, string Body)>("SELECT at, by, kind, via, body FROM labels WHERE frame = @frame ORDER BY row", new { frame })
        .Select(row => FrameTable.Parse(row.Body) is var view && Enum.TryParse<LabelKind>(row.Kind, out var kind) ? new LabelEvent(SqlTime.From(row.At), row.By, kind, row.Via, view.State, view.Label) : null).OfType<LabelEvent>()];

    public static bool Reviewed(DbConnection connection, string frame) => connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM labels WHERE frame = @frame AND kind = @kind)", new { frame, kind = nameof(LabelKind.Review) });

    /// <summary>Opinions since a time, oldest first: the frame, who, and what the frame was said to be.</summary>
    public static IEnumerable<(string Frame, string By, FrameView Said)> Opinions(DbConnection connection, long since, int most) => connection.Query<(string Frame, string By, string Body)>(
        "SELECT frame, by, body FROM (SELECT row, frame, by, body FROM labels WHERE kind = @kind AND at >= @since ORDER BY row DESC LIMIT @most) AS newest ORDER BY row",
        new { kind = nameof(LabelKind.Opinion), since, most }, buffered: false).Select(row => (row.Frame, row.By, FrameTable.Parse(row.Body)));
}

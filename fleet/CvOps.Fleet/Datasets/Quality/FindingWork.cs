using System.Data.Common;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Datasets.Quality;

/// <summary>Takes findings off the list as soon as somebody did what they ask for, in the transaction of the label itself. Without it they would stand there until the next check.</summary>
internal static class FindingWork
{
    /// <summary>Kinds that a label or a drop of one frame may settle.</summary>
    private static readonly QualityKind[] Settled = [QualityKind.Picture, QualityKind.ExactDuplicate, QualityKind.NearDuplicate, QualityKind.LabelSuspect, QualityKind.LabelConflict, QualityKind.Shape];

    /// <summary>Remembers which frames the findings of a check are about.</summary>
    public static void Remember(DbConnection connection, string scope, IEnumerable<QualityFinding> findings)
    {
        connection.Execute("DELETE FROM quality_finding_frame WHERE scope = @scope", new { scope });
        using var insert = new PreparedCommand(connection, "INSERT INTO quality_finding_frame (frame, scope, id) VALUES (@frame, @scope, @id) ON CONFLICT DO NOTHING", "frame", "scope", "id");
        foreach (var finding in findings.Where(finding => Settled.Contains(finding.Kind)))
            foreach (var frame in finding.Frames) insert.Run(frame, scope, finding.Id);
    }

    /// <param name="frame">As it is now that somebody labelled or dropped it.</param>
    /// <returns>Whether the list has changed.</returns>
    public static bool Settle(DbConnection connection, FrameView frame, DateTimeOffset now)
    {
        var any = false;
        // A snapshot stays as it is, and so do its findings.
        foreach (var (id, body) in connection.Query<(string, string)>(
            """
            SELECT f.id, f.body FROM quality_finding_frame AS a JOIN quality_finding AS f ON f.scope = a.scope AND f.id = a.id WHERE a.frame = @Id AND a.scope = '' AND f.settled_at IS NULL
            """, new { frame.Id }).AsList())
        {
            var finding = JsonSerializer.Deserialize(body, ContractsJson.Default.QualityFinding)!;
            if (FindingRule.IsSettled(finding, frame.Id, [.. finding.Frames.Select(other => other == frame.Id ? frame : FrameTable.Find(connection, other)).OfType<FrameView>()]))
                any |= connection.Execute("UPDATE quality_finding SET settled_at = @At WHERE scope = '' AND id = @id", new { id, At = SqlTime.Of(now) }) > 0;
        }
        return any;
    }
}

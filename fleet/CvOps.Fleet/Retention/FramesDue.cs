using System.Data.Common;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Retention;

/// <summary>Frames that a policy lets go, by age and by value.</summary>
internal static class FramesDue
{
    /// <summary>Of a frame f. Once one had a label a snapshot may hold it, and whoever gave an opinion of one has work in it.</summary>
    public const string Untouched = "NOT EXISTS (SELECT 1 FROM labels AS l WHERE l.frame = f.id AND l.state = 1) AND NOT EXISTS (SELECT 1 FROM opinions AS o WHERE o.frame = f.id)";

    /// <summary>Those captured before that nobody labelled, skipped ones among them.</summary>
    public static List<string> Old(DbConnection connection, DateTimeOffset horizon) => connection.Query<string>(
        $"SELECT f.id FROM frames AS f WHERE f.captured_at < @before AND f.state IN (0, 2) AND {Untouched} ORDER BY f.captured_at, f.row", new { before = SqlTime.Of(horizon) }).AsList();

    /// <summary>Too many wait: those of the lowest priorities, and the highest of these. Frames on which two models disagree take no part: they are drawn by a lot of their own.</summary>
    /// <param name="at">Frames stored from then on take no part.</param>
    /// <param name="keep">How many may wait.</param>
    /// <param name="besides">Go already.</param>
    /// <returns>Nothing and null when there is room.</returns>
    public static (List<string> Frames, double? Threshold) Surplus(DbConnection connection, DateTimeOffset at, int keep, IReadOnlySet<string> besides)
    {
        var rows = connection.Query<(string Id, double Worth)>($"SELECT f.id, f.worth FROM frames AS f WHERE f.state = 0 AND f.disagrees = 0 AND f.stored_at < @before AND {Untouched}", new { before = SqlTime.Of(at) })
            .Where(row => !besides.Contains(row.Id)).Select(row => (row.Id, Priority: Thinning.Priority(row.Id, row.Worth))).ToArray();
        if (Thinning.Threshold([.. rows.Select(row => row.Priority)], keep) is not { } threshold) return ([], null);
        return ([.. rows.Where(row => row.Priority <= threshold).Select(row => row.Id)], threshold);
    }
}

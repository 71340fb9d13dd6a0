using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Datasets.Grouping;

/// <summary>
/// Reads what groups are made of from all frames there are, labelled or not, so that a label more or less moves no frame. Only what joins two groups is kept in
/// memory, and where bursts begin.
/// </summary>
internal static class GroupReader
{
    private const string Moments = "SELECT device, camera, captured_at FROM frames WHERE part IS NULL AND camera IS NOT NULL AND device IS NOT NULL";

    private const string Twins = """
        SELECT f.image, f.part, f.device, f.camera, f.captured_at FROM frames AS f JOIN (SELECT image FROM frames GROUP BY image HAVING count(*) > 1) AS twin ON twin.image = f.image
        WHERE f.synthetic = 0 ORDER BY f.image, f.captured_at, f.id
        """;

    private const string Travels = """
        SELECT part, device, camera, min(captured_at) FROM frames WHERE part IS NOT NULL AND device IS NOT NULL AND camera IS NOT NULL GROUP BY part, device, camera ORDER BY part
        """;

    public static BurstIndex Bursts(DbConnection connection, double seconds) => seconds > 0
        ? new BurstIndex(connection.Query<(string, string, long)>(Moments, buffered: false), (long)Math.Ceiling(seconds * 1e6))
        : new BurstIndex([], 0);

    /// <param name="connection">Its reads see one moment.</param>
    public static FrameGroups Read(DbConnection connection, SplitBy by, BurstIndex bursts)
    {
        var links = new GroupLinks();
        (string Image, string Key, long At)? last = null;
        foreach (var (image, part, device, camera, at) in connection.Query<(string Image, string? Part, string? Device, string? Camera, long At)>(Twins, buffered: false))
        {
            var key = FrameGroups.OwnKey(by, bursts, new FramePlace(part, device, camera, SqlTime.From(at), image));
            if (last is { } before && before.Image == image && before.Key != key) links.Join(before.Key, before.At, key, at);
            last = (image, key, at);
        }
        if (by == SplitBy.Part) return new FrameGroups(by, bursts, links);

        (string Part, string Key, long At)? seen = null;
        foreach (var (part, device, camera, at) in connection.Query<(string Part, string Device, string Camera, long At)>(Travels, buffered: false))
        {
            var key = FrameGroups.OwnKey(by, bursts, new FramePlace(part, device, camera, SqlTime.From(at), ""));
            if (seen is { } before && before.Part == part && before.Key != key) links.Join(before.Key, before.At, key, at);
            seen = (part, key, at);
        }
        return new FrameGroups(by, bursts, links);
    }
}

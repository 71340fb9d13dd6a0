using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Datasets.Grouping;

/// <summary>What the golden set shows: nothing of it may be trained on, not as the frame, not in another one of the same part, burst or picture.</summary>
internal sealed class GoldenContact
{
    private readonly FrameGroups _groups;
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pictures = new(StringComparer.Ordinal);

    /// <param name="groups">Groups by part.</param>
    public GoldenContact(FrameGroups groups, IEnumerable<FramePlace> golden)
    {
        _groups = groups;
        foreach (var frame in golden)
        {
            _keys.Add(groups.KeyOf(frame));
            _pictures.Add(frame.Image);
        }
    }

    /// <param name="connection">Its reads see one moment.</param>
    public static GoldenContact Read(DbConnection connection, FrameGroups groups) => new(groups, connection.Query<(string Image, string? Part, string? Device, string? Camera, long At)>(
        "SELECT image, part, device, camera, captured_at FROM frames WHERE state = @Labelled AND usage = @Golden", new { Labelled = (int)LabelState.Labelled, Golden = (int)FrameUse.Golden })
        .Select(row => new FramePlace(row.Part, row.Device, row.Camera, SqlTime.From(row.At), row.Image)));

    /// <returns>What it shares with the golden set; null for nothing.</returns>
    public string? Of(FramePlace frame)
    {
        if (_pictures.Contains(frame.Image)) return "shows a picture of the golden set";
        var key = _groups.KeyOf(frame);
        return !_keys.Contains(key) ? null
            : key.StartsWith(FrameGroups.PartPrefix, StringComparison.Ordinal) ? "shows a part of the golden set"
            : key.StartsWith(FrameGroups.BurstPrefix, StringComparison.Ordinal) ? "is of a burst of the golden set"
            : "shows a picture of the golden set";
    }
}

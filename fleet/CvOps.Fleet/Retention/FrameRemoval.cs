using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Retention;

/// <summary>
/// Takes frames out of every table that speaks of them, in one transaction. Their pictures' files go later (<see cref="BlobSweep"/>): a device may be sending one of them again at this moment.
/// Snapshots are documents that do not change; whoever removes a frame has to know that none needs it.
/// </summary>
internal sealed class FrameRemoval(DbConnection connection, DateTimeOffset now) : IDisposable
{
    private readonly PreparedCommand _find = new(connection,
        $"SELECT f.row, f.image, f.device, f.camera, f.state, CASE WHEN {FramesDue.Untouched} THEN 0 ELSE 1 END FROM frames AS f WHERE f.id = @id", "id");
    private readonly PreparedCommand _settle = new(connection,
        "UPDATE quality_finding SET settled_at = @at WHERE scope = '' AND settled_at IS NULL AND id IN (SELECT id FROM quality_finding_frame WHERE frame = @id AND scope = '')", "at", "id");
    private readonly PreparedCommand _due = new(connection, "INSERT INTO blob_due (digest, at) VALUES (@image, @at) ON CONFLICT DO NOTHING", "image", "at");
    private readonly PreparedCommand[] _rows =
    [
        new(connection, "DELETE FROM quality_finding_frame WHERE frame = @id", "id"),
        new(connection, "DELETE FROM frame_origin WHERE frame = @id", "id"),
        new(connection, "DELETE FROM opinions WHERE frame = @id", "id"),
        new(connection, "DELETE FROM labels WHERE frame = @id", "id"),
    ];
    private readonly PreparedCommand _words = new(connection, "DELETE FROM label_words_due WHERE row = @row", "row");
    private readonly PreparedCommand _frame = new(connection, "DELETE FROM frames WHERE row = @row", "row");
    private readonly Dictionary<(string? Device, string? Camera, LabelState State), long> _gone = [];

    /// <param name="evenLabelled">False: it stays when somebody has given it a label or an opinion by now.</param>
    /// <returns>Whether there was such a frame, and it went.</returns>
    public bool Remove(string id, bool evenLabelled)
    {
        (long Row, string Image, string? Device, string? Camera, LabelState State) frame;
        using (var rows = _find.With(id).ExecuteReader())
        {
            if (!rows.Read()) return false;
            if (!evenLabelled && rows.GetInt64(5) == 1) return false;
            frame = (rows.GetInt64(0), rows.GetString(1), rows.IsDBNull(2) ? null : rows.GetString(2), rows.IsDBNull(3) ? null : rows.GetString(3), (LabelState)rows.GetInt64(4));
        }
        _settle.Run(SqlTime.Of(now), id);
        foreach (var command in _rows) command.Run(id);
        _words.Run(frame.Row);
        _frame.Run(frame.Row);
        _due.Run(frame.Image, SqlTime.Of(now));
        var place = (frame.Device, frame.Camera, frame.State);
        _gone[place] = _gone.GetValueOrDefault(place) + 1;
        return true;
    }

    /// <summary>Counts what went where all frames are counted.</summary>
    public void Save()
    {
        foreach (var (place, frames) in _gone) FrameTally.Add(connection, place.Device, place.Camera, place.State, -frames);
        _gone.Clear();
    }

    public void Dispose()
    {
        foreach (var command in (PreparedCommand[])[_find, _settle, _due, .. _rows, _words, _frame]) command.Dispose();
    }
}

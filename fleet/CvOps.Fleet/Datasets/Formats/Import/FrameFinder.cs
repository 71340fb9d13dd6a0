using System.Data;
using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Retention.Erasure;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>Finds the frames that are here, one after another, by statements that are prepared once: to prepare one takes longer than to find a frame.</summary>
internal sealed class FrameFinder : IDisposable
{
    private readonly DbConnection _connection;
    private readonly bool _anyErased;
    private readonly DbCommand _byId;
    private readonly DbCommand _byImage;
    private (string Id, bool EverLabelled) _last = ("", false);

    public FrameFinder(DbConnection connection)
    {
        _connection = connection;
        _anyErased = ErasureTable.HasAny(connection);
        // With it whether it ever had a label: a statement of its own takes as long as this one.
        const string Columns = "f.body, CASE WHEN EXISTS (SELECT 1 FROM labels AS l WHERE l.frame = f.id AND l.state = 1) THEN 1 ELSE 0 END";
        _byId = Command(connection, $"SELECT {Columns} FROM frames AS f WHERE f.id = @key");
        _byImage = Command(connection, $"SELECT {Columns} FROM frames AS f WHERE f.image = @key ORDER BY f.row LIMIT 1");
    }

    public FrameView? Find(string id) => Read(_byId, id);

    /// <summary>The first frame that shows this picture.</summary>
    public FrameView? OfImage(string digest) => Read(_byImage, digest);

    /// <summary>Whether its use was decided: with its first label, also if that was taken back.</summary>
    public bool EverLabelled(FrameView frame)
    {
        if (frame.State == LabelState.Labelled) return true;
        // Mostly that which was found last.
        if (frame.Id != _last.Id) Find(frame.Id);
        return _last.EverLabelled;
    }

    /// <summary>Whether that frame, or one with that picture, was erased and does not come back.</summary>
    public bool WasErased(string id, string picture) => _anyErased && ErasureTable.Holds(_connection, id, picture);

    public void Dispose()
    {
        _byId.Dispose();
        _byImage.Dispose();
    }

    private static DbCommand Command(DbConnection connection, string text)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        var key = command.CreateParameter();
        key.ParameterName = "@key";
        key.Value = "";
        command.Parameters.Add(key);
        return command;
    }

    private FrameView? Read(DbCommand command, string key)
    {
        command.Parameters[0].Value = key;
        using var row = command.ExecuteReader(CommandBehavior.SingleRow);
        if (!row.Read()) return null;
        var frame = FrameTable.Parse(row.GetString(0));
        _last = (frame.Id, row.GetInt64(1) == 1);
        return frame;
    }
}

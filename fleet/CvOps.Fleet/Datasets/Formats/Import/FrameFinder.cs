using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>Finds the frames that are here, one after another, by statements that are prepared once: to prepare one takes longer than to find a frame.</summary>
internal sealed class FrameFinder : IDisposable
{
    private readonly DbCommand _byId;
    private readonly DbCommand _byImage;
    private readonly DbCommand _everLabelled;

    public FrameFinder(DbConnection connection)
    {
        _byId = Command(connection, "SELECT body FROM frames WHERE id = @key");
        _byImage = Command(connection, "SELECT body FROM frames WHERE image = @key ORDER BY row LIMIT 1");
        _everLabelled = Command(connection, $"SELECT count(*) FROM labels WHERE frame = @key AND state = {(int)LabelState.Labelled}");
    }

    public FrameView? Find(string id) => Read(_byId, id) is string body ? FrameTable.Parse(body) : null;

    /// <summary>The first frame that shows this picture.</summary>
    public FrameView? OfImage(string digest) => Read(_byImage, digest) is string body ? FrameTable.Parse(body) : null;

    /// <summary>Whether its use was decided: with its first label, also if that was taken back.</summary>
    public bool EverLabelled(FrameView frame) => frame.State == LabelState.Labelled || Read(_everLabelled, frame.Id) is > 0L;

    public void Dispose()
    {
        _byId.Dispose();
        _byImage.Dispose();
        _everLabelled.Dispose();
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

    private static object? Read(DbCommand command, string key)
    {
        command.Parameters[0].Value = key;
        return command.ExecuteScalar();
    }
}

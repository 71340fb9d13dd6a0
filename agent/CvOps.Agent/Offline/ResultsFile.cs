using System.Buffers;

namespace CvOps.Agent.Offline;

/// <summary>
/// The file with the lines. While it is written it is called FILE.partial, which holds whole lines only, whatever happens; <see cref="TryCommit"/>
/// gives it its name. Standard output and devices are written as they are.
/// </summary>
internal sealed class ResultsFile : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly string _path;
    private readonly Stream? _stream;
    private readonly bool _renames;
    private readonly ArrayBufferWriter<byte> _buffer = new(2 * BufferBytes);

    /// <exception cref="OfflineException">It can't be written.</exception>
    public ResultsFile(string path)
    {
        _path = path;
        if (path == OfflineOptions.StandardOutput)
        {
            Place = "standard output";
            return;
        }
        // A rename would replace a device by a file.
        _renames = !Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal);
        Place = _renames ? path + ".partial" : path;
        try
        {
            _stream = new FileStream(Place, _renames ? FileMode.Create : FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw OfflineException.WrongInput($"{Place} can't be written: {e.Message}", e);
        }
    }

    /// <summary>Where the lines are now, for messages.</summary>
    public string Place { get; private set; }

    /// <summary>True for a file; lines given to standard output or a device are gone.</summary>
    public bool Stays => _renames;

    /// <summary>What is written here ends with <see cref="EndLine"/>.</summary>
    public IBufferWriter<byte> Line => _buffer;

    /// <exception cref="OfflineException">The disk is full, or nobody reads any more.</exception>
    public void EndLine()
    {
        _buffer.Write("\n"u8);
        // Whoever reads along wants each line when it is there.
        if (_stream is null || _buffer.WrittenCount >= BufferBytes) Flush();
    }

    /// <exception cref="OfflineException">The disk is full, or nobody reads any more.</exception>
    public void Flush()
    {
        var lines = _buffer.WrittenSpan;
        var before = _renames ? _stream!.Position : 0;
        try
        {
            if (_stream is null) StandardOutput.Write(lines);
            else _stream.Write(lines);
        }
        // The runtime takes a file larger than the file system allows for a wrong argument.
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            // No half line stays behind.
            if (_renames) _stream!.SetLength(before);
            throw OfflineException.Failed($"{Place} can't be written: {(e is IOException ? e.Message : "the file system takes no larger file")}", e);
        }
        finally
        {
            _buffer.ResetWrittenCount();
        }
    }

    /// <summary>The lines are complete: gives them their name.</summary>
    /// <returns>Why that can't be done, in a sentence; null when it was.</returns>
    public string? TryCommit()
    {
        try
        {
            Flush();
            if (!_renames) return null;
            _stream!.Dispose();
            File.Move(Place, _path, overwrite: true);
            Place = _path;
            return null;
        }
        catch (OfflineException e)
        {
            return e.Message;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{Place} can't be renamed to {_path}: {e.Message}";
        }
    }

    /// <summary>Nothing was inspected: no empty file stays behind.</summary>
    public void Abandon()
    {
        _stream?.Dispose();
        if (_renames) File.Delete(Place);
    }

    public void Dispose() => _stream?.Dispose();
}

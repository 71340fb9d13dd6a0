namespace CvOps.Fleet.Storage;

/// <summary>The data folder has one fleet at a time: marks of applied messages, the outbox and the grains all rest on that. Ends with the process, however it ends.</summary>
internal sealed class DataLock : IDisposable
{
    private readonly FileStream _file;

    /// <exception cref="DataInUseException">Another process has it.</exception>
    public DataLock(string folder)
    {
        var path = Path.Combine(folder, "lock");
        try
        {
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new DataInUseException($"Another fleet runs on the data in {folder}.", e);
        }
    }

    public void Dispose() => _file.Dispose();
}

internal sealed class DataInUseException(string message, Exception inner) : IOException(message, inner);

using System.Security.Cryptography;
using CvOps.Contracts;

namespace CvOps.Fleet.Storage;

/// <summary>Bytes on their way into the blob store, hashed while they are written. Gone with <see cref="Dispose"/> unless kept.</summary>
internal sealed class BlobWriter : IDisposable
{
    private readonly string _path;
    private readonly Func<string, string, string> _keep;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _kept;

    /// <param name="path">Where it is written until it is kept.</param>
    /// <param name="keep">Moves the file to the place of its digest.</param>
    public BlobWriter(string path, Func<string, string, string> keep)
    {
        (_path, _keep) = (path, keep);
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
    }

    public long Bytes { get; private set; }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _file.Write(bytes);
        Bytes += bytes.Length;
    }

    /// <returns>The digest. Durable when this returns; nothing more may be written.</returns>
    public string Keep()
    {
        DurableFile.Sync(_file);
        _file.Dispose();
        _kept = true;
        return _keep(_path, Convert.ToHexStringLower(_hash.GetHashAndReset()));
    }

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
        if (!_kept) File.Delete(_path);
    }
}

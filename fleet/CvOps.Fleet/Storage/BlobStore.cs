using System.Buffers;
using System.Security.Cryptography;
using CvOps.Contracts;

namespace CvOps.Fleet.Storage;

/// <summary>
/// Files named by what they hold: SHA-256, lower-case hex, two levels of folders. A blob is written beside its place, flushed to the disk
/// and renamed, so whatever has its name is whole; it never changes.
/// </summary>
internal sealed class BlobStore
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private static readonly TimeSpan Stale = TimeSpan.FromDays(1);

    private readonly string _root;
    private readonly string _incoming;

    public BlobStore(string root)
    {
        _root = root;
        _incoming = Path.Combine(root, "incoming");
        Directory.CreateDirectory(_incoming);
        // Left by a crash, so long ago that no other fleet on this folder is at it; no blob was promised to anybody before its rename.
        foreach (var stale in Directory.EnumerateFiles(_incoming))
            if (File.GetLastWriteTimeUtc(stale) < DateTime.UtcNow - Stale) File.Delete(stale);
    }

    /// <summary>Where a blob of that digest lies or would lie.</summary>
    /// <exception cref="ArgumentException">That is no digest.</exception>
    public string PathOf(string digest) => IsDigest(digest)
        ? Path.Combine(_root, digest[..2], digest[2..4], digest)
        : throw new ArgumentException($"'{digest}' is no SHA-256 in lower-case hex.", nameof(digest));

    public static bool IsDigest(string? text) => text is { Length: 64 } && !text.AsSpan().ContainsAnyExcept(HexDigits);

    public bool Exists(string digest) => File.Exists(PathOf(digest));

    /// <summary>Where a blob lies that a row speaks of.</summary>
    /// <param name="what">Whose bytes they are, for people.</param>
    /// <exception cref="BlobLostException">It is gone: a row promises a blob only after it was flushed, so somebody took the file away.</exception>
    public string Find(string digest, string what) => PathOf(digest) is var path && File.Exists(path) ? path : throw new BlobLostException(what, path);

    /// <returns>The digest. Durable when this returns; storing the same bytes again is cheap.</returns>
    public string Put(ReadOnlySpan<byte> bytes)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (Exists(digest)) return digest;
        var temporary = NewTemporary();
        using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(bytes);
            DurableFile.Sync(file);
        }
        return Keep(temporary, digest);
    }

    /// <summary>A blob that is written piece by piece, in memory of its pieces alone. It is none until it is kept.</summary>
    public BlobWriter Create() => new(NewTemporary(), Keep);

    /// <inheritdoc cref="Find"/>
    public Task<byte[]> ReadAsync(string digest, string what, CancellationToken cancel) => File.ReadAllBytesAsync(Find(digest, what), cancel);

    /// <summary>Takes a stream in without deciding yet whether to keep it.</summary>
    /// <exception cref="InvalidDataException">The stream holds more than <paramref name="limit"/> bytes.</exception>
    public async Task<IncomingBlob> ReceiveAsync(Stream stream, long limit, CancellationToken cancel)
    {
        var temporary = NewTemporary();
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
            var buffer = new byte[128 * 1024];
            long total = 0;
            for (int read; (read = await stream.ReadAsync(buffer, cancel)) > 0; total += read)
            {
                if (total + read > limit) throw new InvalidDataException($"It is larger than {limit} bytes.");
                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancel);
            }
            DurableFile.Sync(file);
            return new IncomingBlob(this, temporary, Convert.ToHexStringLower(hash.GetHashAndReset()), total);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private string NewTemporary() => Path.Combine(_incoming, Guid.NewGuid().ToString("N"));

    private string Keep(string temporary, string digest)
    {
        var final = PathOf(digest);
        var folder = Path.GetDirectoryName(final)!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            DurableFile.SyncFolder(Path.GetDirectoryName(folder)!);
            DurableFile.SyncFolder(_root);
        }
        DurableFile.Replace(temporary, final);
        return digest;
    }

    /// <summary>A received file that is not a blob yet; gone with <see cref="Dispose"/> unless kept.</summary>
    internal sealed class IncomingBlob(BlobStore store, string path, string digest, long bytes) : IDisposable
    {
        private bool _kept;

        public string Path => path;

        public string Digest => digest;

        public long Bytes => bytes;

        public void Keep()
        {
            store.Keep(path, digest);
            _kept = true;
        }

        public void Dispose()
        {
            if (!_kept) File.Delete(path);
        }
    }
}

using System.Buffers;
using System.Security.Cryptography;
using CvOps.Contracts;
using CvOps.Fleet.Storage.Buckets;

namespace CvOps.Fleet.Storage;

/// <summary>
/// Files named by what they hold: SHA-256, lower-case hex, two levels of folders. A blob is written beside its place, flushed to the disk
/// and renamed, so whatever has its name is whole; it never changes. With a bucket the folder is this machine's part of it: every blob is in the bucket before anybody is told of it.
/// </summary>
internal sealed class BlobStore
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    // Times of files are the kernel's, so they are compared with its clock.
    private static readonly TimeSpan Stale = TimeSpan.FromDays(1);
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    private readonly string _root;
    private readonly string _incoming;
    private readonly Bucket? _bucket;

    /// <param name="bucket">That other fleets use too; null: the folder is all there is.</param>
    public BlobStore(string root, Bucket? bucket = null)
    {
        (_root, _bucket) = (root, bucket);
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

    public bool Exists(string digest) => File.Exists(PathOf(digest)) || _bucket?.PutAt(digest) is not null;

    /// <summary>Where a blob lies that a row speaks of.</summary>
    /// <param name="what">Whose bytes they are, for people.</param>
    /// <exception cref="BlobLostException">It is gone: a row promises a blob only after it was flushed, so somebody took the file away.</exception>
    public string Find(string digest, string what) => TryFind(digest) ?? throw new BlobLostException(what, PathOf(digest));

    /// <returns>Where it lies, fetched from the bucket if need be; null when it is nowhere.</returns>
    public string? TryFind(string digest)
    {
        var path = PathOf(digest);
        if (File.Exists(path)) return path;
        var temporary = NewTemporary();
        if (_bucket?.Fetch(digest, temporary) != true) return null;
        return Place(temporary, digest);
    }

    /// <returns>The digest. Durable when this returns; storing the same bytes again is cheap.</returns>
    public string Put(ReadOnlySpan<byte> bytes)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (Touch(digest)) return digest;
        var temporary = NewTemporary();
        using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(bytes);
            DurableFile.Sync(file);
        }
        return Keep(temporary, digest);
    }

    /// <summary>Whether it is there, asked by somebody who is about to write a row that speaks of it: <see cref="Remove"/> lets it stay then.</summary>
    public bool Touch(string digest)
    {
        try
        {
            if (_bucket is not null && TryFind(digest) is null) return false;
            File.SetLastWriteTimeUtc(PathOf(digest), DateTime.UtcNow);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        // The bucket has no way to touch an object but to put it again; whoever did so a moment ago need not.
        if (_bucket is not null && !(_bucket.PutAt(digest) > DateTimeOffset.UtcNow - Fresh)) _bucket.Put(digest, PathOf(digest));
        return true;
    }

    /// <summary>
    /// Takes a blob away that no row speaks of, unless somebody put or touched it since <paramref name="unused"/>: then its row may be on its way. It leaves its place before that is looked at, so who
    /// touches it at the same moment either is seen, or finds nothing and puts it anew; other processes on the folder, too.
    /// </summary>
    /// <returns>False when it stays.</returns>
    public bool Remove(string digest, DateTimeOffset unused)
    {
        var (place, aside) = (PathOf(digest), NewTemporary());
        if (_bucket is not null)
        {
            if (_bucket.PutAt(digest) >= unused) return false;
            _bucket.Delete(digest);
        }
        if (!File.Exists(place)) return true;
        if (File.GetLastWriteTimeUtc(place) >= unused.UtcDateTime) return false;
        try
        {
            File.Move(place, aside);
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        if (File.GetLastWriteTimeUtc(aside) >= unused.UtcDateTime)
        {
            File.Move(aside, place, overwrite: true);
            return false;
        }
        File.Delete(aside);
        return true;
    }

    /// <summary>Takes a blob away at once, whoever still speaks of it, and for good: its folder is on the disk without it when this returns.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Erase(string digest)
    {
        var path = PathOf(digest);
        var was = Exists(digest);
        _bucket?.Delete(digest);
        if (!File.Exists(path)) return was;
        File.Delete(path);
        DurableFile.SyncFolder(Path.GetDirectoryName(path)!);
        return true;
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
        _bucket?.Put(digest, temporary);
        Place(temporary, digest);
        return digest;
    }

    /// <returns>Where it lies now.</returns>
    private string Place(string temporary, string digest)
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
        return final;
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

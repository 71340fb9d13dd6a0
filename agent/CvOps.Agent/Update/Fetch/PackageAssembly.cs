using System.Buffers.Binary;
using System.Security.Cryptography;
using CvOps.Contracts;
using CvOps.Contracts.Packages.Chunks;
using Microsoft.Win32.SafeHandles;

namespace CvOps.Agent.Update.Fetch;

/// <summary>
/// A package being put together in its partial file, each chunk at its place. What the file holds is believed only when its digest was taken, so
/// nothing else has to be remembered: after a kill or a power cut, <see cref="Recheck"/> finds what is there. One thread writes; others may read
/// what <see cref="Has"/>.
/// </summary>
internal sealed class PackageAssembly : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly long[] _offsets;
    private readonly bool[] _present;
    private readonly int[] _first;
    private readonly Dictionary<UInt128, List<int>> _places = [];
    private readonly bool _fresh;
    private long _bytes;

    /// <exception cref="IOException">The file cannot be made or written. So for <see cref="UnauthorizedAccessException"/>.</exception>
    public PackageAssembly(string path, ChunkList list)
    {
        (List, ListDigest) = (list, Convert.ToHexStringLower(SHA256.HashData(list.Digests)));
        _offsets = new long[list.Count + 1];
        _present = new bool[list.Count];
        _first = new int[list.Count];
        for (var chunk = 0; chunk < list.Count; chunk++)
        {
            _offsets[chunk + 1] = _offsets[chunk] + list.Lengths[chunk];
            var key = Key(list.DigestOf(chunk));
            if (!_places.TryGetValue(key, out var places)) _places[key] = places = [];
            places.Add(chunk);
            _first[chunk] = places[0];
        }
        _fresh = !File.Exists(path);
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
    }

    public ChunkList List { get; }

    /// <summary>Two agents with the same one mean the same chunks by the same numbers: SHA-256 of the list's digests, lower-case hex.</summary>
    public string ListDigest { get; }

    /// <summary>Bytes that are here and right.</summary>
    public long PresentBytes => Interlocked.Read(ref _bytes);

    public bool IsWhole => PresentBytes == List.Bytes;

    public bool Has(int chunk) => Volatile.Read(ref _present[chunk]);

    /// <summary>It is not here, and it is the first of those that are alike: whoever asks for it gets all of them.</summary>
    public bool Wants(int chunk) => !Has(chunk) && _first[chunk] == chunk;

    public long OffsetOf(int chunk) => _offsets[chunk];

    /// <summary>Looks at what an earlier life left in the file and believes what has the right digest.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Recheck(CancellationToken cancellation)
    {
        if (_fresh) return;
        var buffer = new byte[ChunkCutter.MostOf(List.Average)];
        var length = RandomAccess.GetLength(_file);
        if (length > List.Bytes) RandomAccess.SetLength(_file, List.Bytes);
        for (var chunk = 0; chunk < List.Count && _offsets[chunk + 1] <= length; chunk++)
        {
            cancellation.ThrowIfCancellationRequested();
            var bytes = buffer.AsSpan(0, List.Lengths[chunk]);
            if (Has(chunk) || Read(bytes, _offsets[chunk]) != bytes.Length || !IsRight(chunk, bytes)) continue;
            Mark(chunk);
            Spread(List.DigestOf(chunk), bytes);
        }
    }

    /// <summary>Writes a chunk that came for that place, and wherever else the package repeats it.</summary>
    /// <returns>False when its digest is not the listed one; nothing is written.</returns>
    /// <exception cref="DiskRefusedException">The disk is full or broken.</exception>
    public bool TryPut(int chunk, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != List.Lengths[chunk] || !IsRight(chunk, bytes)) return false;
        Spread(List.DigestOf(chunk), bytes);
        return true;
    }

    /// <summary>Writes bytes that were found elsewhere wherever the package has them.</summary>
    /// <returns>Bytes of the package that this made present.</returns>
    /// <exception cref="DiskRefusedException">The disk is full or broken.</exception>
    public long Offer(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[ChunkList.DigestBytes];
        SHA256.HashData(bytes, digest);
        return _places.ContainsKey(Key(digest)) ? Spread(digest, bytes) : 0;
    }

    /// <summary>The present chunks as bits, the first in the lowest bit of the first byte.</summary>
    public byte[] Bits()
    {
        var bits = new byte[(List.Count + 7) / 8];
        for (var chunk = 0; chunk < List.Count; chunk++)
        {
            if (Has(chunk)) bits[chunk / 8] |= (byte)(1 << (chunk % 8));
        }
        return bits;
    }

    /// <summary>True when every byte of the range is present. Pure look-up: nothing is read.</summary>
    public bool Covers(long from, long to)
    {
        if (from < 0 || to < from || to >= List.Bytes) return false;
        var chunk = Array.BinarySearch(_offsets, from);
        for (chunk = chunk < 0 ? ~chunk - 1 : chunk; chunk < List.Count && _offsets[chunk] <= to; chunk++)
        {
            if (!Has(chunk)) return false;
        }
        return true;
    }

    /// <returns>Bytes read; fewer at the file's end.</returns>
    public int Read(Span<byte> buffer, long offset)
    {
        var total = 0;
        while (total < buffer.Length)
        {
            var read = RandomAccess.Read(_file, buffer[total..], offset + total);
            if (read == 0) break;
            total += read;
        }
        return total;
    }

    /// <summary>All that was written is on the disk when this returns.</summary>
    public void Flush() => DurableFile.Sync(_file);

    public void Dispose() => _file.Dispose();

    private long Spread(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> bytes)
    {
        var made = 0L;
        foreach (var chunk in _places[Key(digest)])
        {
            if (Has(chunk) || List.Lengths[chunk] != bytes.Length || !List.DigestOf(chunk).SequenceEqual(digest)) continue;
            Write(bytes, _offsets[chunk]);
            Mark(chunk);
            made += bytes.Length;
        }
        return made;
    }

    private void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(_file, bytes, offset);
        }
        catch (IOException e)
        {
            throw new DiskRefusedException(e);
        }
    }

    private void Mark(int chunk)
    {
        Volatile.Write(ref _present[chunk], true);
        Interlocked.Add(ref _bytes, List.Lengths[chunk]);
    }

    private bool IsRight(int chunk, ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[ChunkList.DigestBytes];
        SHA256.HashData(bytes, digest);
        return List.DigestOf(chunk).SequenceEqual(digest);
    }

    private static UInt128 Key(ReadOnlySpan<byte> digest) => BinaryPrimitives.ReadUInt128LittleEndian(digest);
}

/// <summary>The disk, and nobody on the network, refused what came.</summary>
internal sealed class DiskRefusedException(IOException inner) : IOException(inner.Message.TrimEnd('.'), inner);

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CvOps.Contracts.Packages;

/// <summary>What a kind of package may hold.</summary>
/// <param name="What">Its name in sentences, e.g. "model package".</param>
/// <param name="Ending">Of its files, with the dot.</param>
/// <param name="Bytes">Largest file.</param>
/// <param name="IsAllowed">Whether an entry of that name has a place in it.</param>
/// <param name="MostKept">For entries that are kept in memory, how large they may be; null for those that are only digested.</param>
internal sealed record StoredZipForm(string What, string Ending, long Bytes, Func<string, bool> IsAllowed, Func<string, long?> MostKept);

/// <param name="Digest">SHA-256 of the file, lower-case hex.</param>
/// <param name="Entries">In file order.</param>
/// <param name="Kept">The entries that are kept, by name.</param>
internal sealed record StoredZipContent(string Digest, long Bytes, Dictionary<string, PackageEntry> Entries, Dictionary<string, byte[]> Kept);

/// <summary>Reads a file in the form of <see cref="StoredZip"/>: one pass, digests as it goes, nothing but what is kept in memory. Nothing is written anywhere.</summary>
internal static class StoredZipReader
{
    private const int ChunkBytes = 128 * 1024;

    /// <exception cref="PackageException">It is not in that form; the sentence names the file and what is wrong.</exception>
    public static StoredZipContent Read(string path, StoredZipForm form)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 4096, FileOptions.SequentialScan);
            return Read(file, path, form);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PackageException($"{path} cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static StoredZipContent Read(FileStream file, string path, StoredZipForm form)
    {
        if (file.Length > form.Bytes) throw new PackageException($"{path} is larger than the {form.Bytes:N0} bytes a package may have.");
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var input = new HashedInput(file, whole, path);
        var entries = new Dictionary<string, PackageEntry>();
        var kept = new Dictionary<string, byte[]>();
        var directory = new List<(string Name, uint Crc, uint Size, uint Offset)>();
        while (input.Peek() == StoredZip.LocalMagic)
        {
            var start = (uint)file.Position;
            var (name, entry, document) = ReadEntry(input, path, form, directory.LastOrDefault().Name);
            if (directory.Count == Limits.PackageEntries) throw new PackageException($"{path} has more than the {Limits.PackageEntries} entries a package may have.");
            entries.Add(name, entry);
            directory.Add((name, entry.Crc, (uint)entry.Size, start));
            if (document is not null) kept.Add(name, document);
        }

        if (directory.Count == 0) throw new PackageException($"{path} is no {form.What}: it is not a zip file of the {form.Ending} form.");
        if (!StoredZip.Directory(directory, (uint)file.Position).AsSpan().SequenceEqual(input.Rest()))
            throw new PackageException($"{path} was cut, added to or altered: its directory does not fit its entries.");
        return new StoredZipContent(Convert.ToHexStringLower(whole.GetHashAndReset()), file.Length, entries, kept);
    }

    private static (string Name, PackageEntry Entry, byte[]? Document) ReadEntry(HashedInput input, string path, StoredZipForm form, string? previous)
    {
        var head = input.Take(StoredZip.LocalHeaderBytes);
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(14));
        var size = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(22));
        var nameBytes = input.Take(BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(26)));
        var name = Encoding.ASCII.GetString(nameBytes);
        if (!form.IsAllowed(name)) throw new PackageException($"{path} holds '{Shown(name)}', which has no place in a package.");
        if (!StoredZip.LocalHeader(name, crc, size).AsSpan().SequenceEqual([.. head, .. nameBytes]))
            throw new PackageException($"{path} was not written by the CvOps packer, or was altered: the zip header of {name} is not in the one form allowed.");
        if (name == previous) throw new PackageException($"{path} holds {name} twice.");
        if (previous is not null && StoredZip.Order.Compare(name, previous) < 0) throw new PackageException($"{path} was altered: {name} does not stand in order, or stands twice.");
        var most = form.MostKept(name);
        if (size > most) throw new PackageException($"{path}: {name} is larger than the {most:N0} bytes it may have.");
        if (size > input.Left) throw new PackageException($"{path} is cut short: {name} is incomplete.");

        var offset = input.Position;
        var document = most is not null ? new byte[size] : null;
        var (sha256, found) = input.Digest(size, document);
        if (found != crc) throw new PackageException($"{path} was altered or damaged: {name} does not fit its checksum.");
        return (name, new PackageEntry(offset, size, crc, sha256), document);
    }

    /// <summary>Enough of a name to find it by.</summary>
    internal static string Shown(string name) => name.Length > 80 ? name[..80] + "..." : name;

    /// <summary>The file, read forward once; everything taken goes into the digest of the whole.</summary>
    private sealed class HashedInput(FileStream file, IncrementalHash whole, string path)
    {
        private readonly byte[] _chunk = new byte[Math.Min(file.Length, ChunkBytes)];

        public long Left => file.Length - file.Position;

        public long Position => file.Position;

        public uint Peek()
        {
            if (Left < 4) return 0;
            Span<byte> magic = stackalloc byte[4];
            file.ReadExactly(magic);
            file.Seek(-4, SeekOrigin.Current);
            return BinaryPrimitives.ReadUInt32LittleEndian(magic);
        }

        public byte[] Take(int count)
        {
            if (count > Left) throw new PackageException($"{path} is cut short.");
            var bytes = new byte[count];
            file.ReadExactly(bytes);
            whole.AppendData(bytes);
            return bytes;
        }

        /// <summary>What follows the entries; a directory of the most entries with the longest names stays below this limit.</summary>
        public byte[] Rest() => Left <= Limits.PackageEntries * 256L ? Take((int)Left) : throw new PackageException($"{path} has {Left:N0} bytes after its last entry.");

        public (string Sha256, uint Crc) Digest(long size, byte[]? copy)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var crc = Crc32.Start;
            for (long done = 0; done < size;)
            {
                var part = _chunk.AsSpan(0, (int)Math.Min(_chunk.Length, size - done));
                file.ReadExactly(part);
                hash.AppendData(part);
                whole.AppendData(part);
                crc = Crc32.Update(crc, part);
                if (copy is not null) part.CopyTo(copy.AsSpan((int)done));
                done += part.Length;
            }

            return (Convert.ToHexStringLower(hash.GetHashAndReset()), Crc32.Finish(crc));
        }
    }
}

using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CvOps.Contracts.Packages;

namespace CvOps.Shared.Tests.Packages.Fuzz;

/// <summary>Spoils packages, knowing how they are built: the same seed spoils the same way.</summary>
internal sealed class PackageMutator(Random random, ECDsa key)
{
    private static readonly uint[] Interesting = [0, 1, 2, 4, 8, 30, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF];

    private static readonly string[] Names =
    [
        "../x", "/etc/passwd", "..\\x", "C:\\x", "golden/../manifest.json", "golden/", "golden/.f32", "golden/..f32", "golden/a/b.f32", "signatures/", "signatures/../manifest.json", "signatures/0123456789abcdef.sig",
        "signatures/0123456789abcdeg.sig", "manifest.json", "MANIFEST.JSON", "model.onnx", "zz", "", "\0", "manifest.json\0", "golden/\u0001.f32", new('a', 300), new('.', 70), "golden/" + new string('a', 60) + ".f32", "signature.json",
    ];

    /// <param name="entries">Of a sound package, in order.</param>
    /// <param name="whole">Its file.</param>
    /// <returns>What to write, and how it was made.</returns>
    public (byte[] Bytes, string How) Next(IReadOnlyList<(string Name, byte[] Bytes)> entries, byte[] whole) => random.Next(13) switch
    {
        0 => (Flipped(whole), "bits flipped"),
        1 => (whole[..random.Next(whole.Length)], "cut"),
        2 => ([.. whole, .. Random(1 + random.Next(4000))], "added to"),
        3 => (Moved(whole), "a block moved, doubled or removed"),
        4 or 5 => (Field(whole), "a header's number replaced"),
        6 => (Renamed(entries), "entries renamed"),
        7 => (Shuffled(entries), "entries doubled, removed or reordered"),
        8 => (Compressed(entries), "written by another zip tool, perhaps compressed"),
        9 or 10 => (Signed(Document(entries)), "a document replaced and signed"),
        11 => (Signed(Tensor(entries)), "a tensor resized and signed"),
        _ => (Signature(entries), "a signature spoilt"),
    };

    /// <summary>The container's form with these entries.</summary>
    public static byte[] Container(IEnumerable<(string Name, byte[] Bytes)> entries)
    {
        using var file = new MemoryStream();
        var directory = new List<(string, uint, uint, uint)>();
        foreach (var (name, bytes) in entries)
        {
            directory.Add((name, Crc32.Of(bytes), (uint)bytes.Length, (uint)file.Position));
            file.Write(StoredZip.LocalHeader(name, Crc32.Of(bytes), (uint)bytes.Length));
            file.Write(bytes);
        }

        file.Write(StoredZip.Directory(directory, (uint)file.Position));
        return file.ToArray();
    }

    /// <summary>Whole and rightly signed, whatever its documents say.</summary>
    public byte[] Signed(IEnumerable<(string Name, byte[] Bytes)> entries)
    {
        var kept = entries.Where(entry => !PackageNames.IsSignature(entry.Name)).ToArray();
        var statement = SignedStatement.Create(PackageKit.Parts([1]).Manifest, [.. kept.Select(entry => (entry.Name, Convert.ToHexStringLower(SHA256.HashData(entry.Bytes))))]);
        return Container([.. kept, (PackageNames.Signature(SigningKeys.KeyId(key)), SignatureBundle.Create(statement, key).ToJson())]);
    }

    private byte[] Flipped(byte[] whole)
    {
        var bytes = (byte[])whole.Clone();
        for (var i = random.Next(1, 9); i > 0; i--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    private byte[] Moved(byte[] whole)
    {
        var (from, length) = (random.Next(whole.Length), random.Next(1, 2000));
        var block = whole[from..Math.Min(whole.Length, from + length)];
        var without = random.Next(2) == 0 ? whole : [.. whole[..from], .. whole[(from + block.Length)..]];
        var at = random.Next(without.Length + 1);
        return random.Next(3) == 0 ? without : [.. without[..at], .. block, .. without[at..]];
    }

    /// <summary>Two or four bytes of a local header, a directory entry or the end record.</summary>
    private byte[] Field(byte[] whole)
    {
        var bytes = (byte[])whole.Clone();
        uint[] magics = [StoredZip.LocalMagic, StoredZip.DirectoryMagic, 0x06054b50];
        var heads = Enumerable.Range(0, bytes.Length - 4).Where(at => magics.Contains(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)))).ToArray();
        var field = heads[random.Next(heads.Length)] + random.Next(46);
        var value = random.Next(3) == 0 ? (uint)random.NextInt64(uint.MaxValue) : Interesting[random.Next(Interesting.Length)];
        if (field + 4 > bytes.Length) return bytes[..^1];
        if (random.Next(2) == 0) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(field), value);
        else BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(field), (ushort)value);
        return bytes;
    }

    private byte[] Renamed(IReadOnlyList<(string Name, byte[] Bytes)> entries)
    {
        var changed = entries.ToArray();
        changed[random.Next(changed.Length)].Name = Names[random.Next(Names.Length)];
        return random.Next(2) == 0 ? Container(changed) : Signed(changed.OrderBy(entry => entry.Name, StringComparer.Ordinal));
    }

    private byte[] Shuffled(IReadOnlyList<(string Name, byte[] Bytes)> entries)
    {
        var changed = entries.ToList();
        var chosen = changed[random.Next(changed.Count)];
        switch (random.Next(4))
        {
            case 0: changed.Remove(chosen); break;
            case 1: changed.Insert(random.Next(changed.Count + 1), chosen); break;
            case 2: changed.Reverse(); break;
            default: for (var i = random.Next(400); i > 0; i--) changed.Add(($"golden/{random.Next(1_000_000)}.f32", new byte[4])); break;
        }

        return random.Next(2) == 0 ? Container(changed) : Signed(changed);
    }

    private byte[] Compressed(IReadOnlyList<(string Name, byte[] Bytes)> entries)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in entries)
            {
                using var entry = zip.CreateEntry(name, random.Next(2) == 0 ? CompressionLevel.NoCompression : CompressionLevel.Fastest).Open();
                entry.Write(random.Next(4) == 0 ? new byte[1 << 18] : bytes);
            }
        }

        return file.ToArray();
    }

    private IEnumerable<(string Name, byte[] Bytes)> Document(IReadOnlyList<(string Name, byte[] Bytes)> entries)
    {
        var documents = entries.Where(entry => entry.Name.EndsWith(".json", StringComparison.Ordinal)).Select(entry => entry.Name).ToArray();
        var chosen = documents[random.Next(documents.Length)];
        return entries.Select(entry => entry.Name == chosen ? (entry.Name, new JsonMutator(random).Next(entry.Bytes)) : entry);
    }

    private IEnumerable<(string Name, byte[] Bytes)> Tensor(IReadOnlyList<(string Name, byte[] Bytes)> entries) =>
        entries.Select(entry => PackageNames.IsTensor(entry.Name) && random.Next(2) == 0 ? (entry.Name, Random(random.Next(500))) : entry);

    private byte[] Signature(IReadOnlyList<(string Name, byte[] Bytes)> entries)
    {
        var json = new JsonMutator(random);
        return Container(entries.Select(entry => !PackageNames.IsSignature(entry.Name) ? entry : (entry.Name, random.Next(3) switch
        {
            0 => json.Next(entry.Bytes),
            1 => (SignatureBundle.Parse(entry.Bytes) with { Statement = json.Next(SignatureBundle.Parse(entry.Bytes).Statement) }).ToJson(),
            _ => Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(entry.Bytes).Replace("hint", Names[random.Next(Names.Length)], StringComparison.Ordinal)),
        })));
    }

    private byte[] Random(int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}

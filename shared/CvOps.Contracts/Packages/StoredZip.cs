using System.Buffers.Binary;
using System.Text;

namespace CvOps.Contracts.Packages;

/// <summary>
/// The container of a package: a zip in one fixed form (PKWARE APPNOTE 6.3.10; entries stored, never compressed, sorted by ordinal name, all dated
/// 1980-01-01, no extra fields, no comment, no zip64). Any unzip tool opens it. Because the bytes follow from names and contents alone,
/// the reader compares instead of interpreting: no header byte can be changed unseen, and there is nothing to inflate.
/// </summary>
internal static class StoredZip
{
    public const int LocalHeaderBytes = 30;
    public const uint LocalMagic = 0x04034b50;
    public const uint DirectoryMagic = 0x02014b50;

    private const ushort Version = 20;
    private const ushort Utf8Names = 0x0800;
    private const ushort Day19800101 = 0x0021;

    /// <summary>Names in the order they stand in the file.</summary>
    public static StringComparer Order => StringComparer.Ordinal;

    public static byte[] LocalHeader(string name, uint crc, uint size)
    {
        var text = Encoding.ASCII.GetBytes(name);
        var bytes = new byte[LocalHeaderBytes + text.Length];
        var at = new Fields(bytes);
        at.U32(LocalMagic);
        at.Common(crc, size, text.Length);
        at.U16(0); // extra field
        text.CopyTo(bytes, LocalHeaderBytes);
        return bytes;
    }

    /// <summary>Central directory and end record that follow the entries.</summary>
    public static byte[] Directory(IReadOnlyList<(string Name, uint Crc, uint Size, uint Offset)> entries, uint start)
    {
        using var all = new MemoryStream();
        foreach (var (name, crc, size, offset) in entries)
        {
            var text = Encoding.ASCII.GetBytes(name);
            var bytes = new byte[46 + text.Length];
            var at = new Fields(bytes);
            at.U32(DirectoryMagic);
            at.U16(Version);
            at.Common(crc, size, text.Length);
            at.U16(0); // extra field
            at.U16(0); // comment
            at.U16(0); // disk
            at.U16(0); // internal attributes
            at.U32(0); // external attributes
            at.U32(offset);
            text.CopyTo(bytes, 46);
            all.Write(bytes);
        }

        var length = (uint)all.Length;
        var end = new byte[22];
        var last = new Fields(end);
        last.U32(0x06054b50);
        last.U16(0);
        last.U16(0);
        last.U16((ushort)entries.Count);
        last.U16((ushort)entries.Count);
        last.U32(length);
        last.U32(start);
        last.U16(0);
        all.Write(end);
        return all.ToArray();
    }

    private ref struct Fields(Span<byte> bytes)
    {
        private Span<byte> _rest = bytes;

        public void U16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_rest, value);
            _rest = _rest[2..];
        }

        public void U32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_rest, value);
            _rest = _rest[4..];
        }

        public void Common(uint crc, uint size, int nameLength)
        {
            U16(Version);
            U16(Utf8Names);
            U16(0); // stored
            U16(0); // midnight
            U16(Day19800101);
            U32(crc);
            U32(size);
            U32(size);
            U16((ushort)nameLength);
        }
    }
}

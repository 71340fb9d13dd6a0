using System.Diagnostics.CodeAnalysis;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>Byte strings by their content, also where they lie in the middle of others.</summary>
internal sealed class ByteTextComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static int Hash(ReadOnlySpan<byte> text)
    {
        // Seeded anew in every process: nobody makes texts collide from outside.
        var hash = new HashCode();
        hash.AddBytes(text);
        return hash.ToHashCode();
    }

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode([DisallowNull] byte[] text) => Hash(text);

    public bool Equals(ReadOnlySpan<byte> text, byte[] kept) => text.SequenceEqual(kept);

    public int GetHashCode(ReadOnlySpan<byte> text) => Hash(text);

    public byte[] Create(ReadOnlySpan<byte> text) => text.ToArray();
}

namespace CvOps.Contracts.Packages;

/// <summary>CRC-32 of ISO 3309 as zip wants it, polynomial 0xEDB88320 reflected. Finds accidents; SHA-256 finds intent.</summary>
internal static class Crc32
{
    private static readonly uint[] Table = MakeTable();

    public const uint Start = 0xFFFFFFFF;

    /// <summary>Goes on from <paramref name="state"/>, which begins as <see cref="Start"/>.</summary>
    public static uint Update(uint state, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes) state = Table[(state ^ b) & 0xFF] ^ (state >> 8);
        return state;
    }

    public static uint Finish(uint state) => ~state;

    public static uint Of(ReadOnlySpan<byte> bytes) => Finish(Update(Start, bytes));

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++) value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            table[i] = value;
        }

        return table;
    }
}

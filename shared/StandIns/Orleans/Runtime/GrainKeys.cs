using System.Globalization;
using Orleans.Runtime;

namespace Orleans;

/// <summary>How the three kinds of key are written: text as it is, numbers in hexadecimal, GUIDs without dashes.</summary>
internal static class GrainKeys
{
    public static string From(long key) => key.ToString("X", CultureInfo.InvariantCulture);

    public static string From(Guid key) => key.ToString("N", CultureInfo.InvariantCulture);

    public static long ToInt64(GrainId id) =>
        long.TryParse(id.Key.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var key) ? key
            : throw new InvalidOperationException($"Unable to extract integer key from grain id {id}");

    public static Guid ToGuid(GrainId id) =>
        Guid.TryParseExact(id.Key.ToString(), "N", out var key) ? key
            : throw new InvalidOperationException($"Unable to extract GUID key from grain id {id}");
}

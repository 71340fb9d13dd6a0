using System.Globalization;
using System.Text;

namespace CvOps.Fleet.Tracking.Search;

/// <summary>Where the next page begins, as a text that means nothing to a client: how many entries came before.</summary>
internal static class PageToken
{
    private const string Prefix = "after:";

    public static string Of(int offset) => Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{offset}")));

    /// <returns>0 for no token.</returns>
    /// <exception cref="TrackingException">It is none of ours.</exception>
    public static int Read(string? token)
    {
        if (string.IsNullOrEmpty(token)) return 0;
        Span<byte> bytes = stackalloc byte[64];
        return token.Length <= 64 && Convert.TryFromBase64String(token, bytes, out var length) && Encoding.ASCII.GetString(bytes[..length]) is { } text
            && text.StartsWith(Prefix, StringComparison.Ordinal) && int.TryParse(text.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? offset
            : throw TrackingException.Invalid("The page token is none that a page came with: begin without one.");
    }

    /// <summary>A page of the rows that were read, one more than the page is long, and the token of the next.</summary>
    public static (IReadOnlyList<T> Rows, string? Next) Cut<T>(IReadOnlyList<T> rows, int offset, int limit) =>
        rows.Count > limit ? ([.. rows.Take(limit)], Of(offset + limit)) : (rows, null);
}

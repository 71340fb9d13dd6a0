namespace CvOps.Fleet.Web;

/// <summary>Names as people order them: line-2 before line-10.</summary>
internal sealed class NaturalOrder : IComparer<string>
{
    public static NaturalOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var a = x.AsSpan();
        var b = y.AsSpan();
        while (a.Length > 0 && b.Length > 0)
        {
            var left = Piece(a);
            var right = Piece(b);
            var order = char.IsAsciiDigit(left[0]) && char.IsAsciiDigit(right[0]) ? Numbers(left, right) : left.CompareTo(right, StringComparison.Ordinal);
            if (order != 0) return order;
            a = a[left.Length..];
            b = b[right.Length..];
        }
        return a.Length != b.Length ? a.Length - b.Length : string.CompareOrdinal(x, y);
    }

    private static int Numbers(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var left = a.TrimStart('0');
        var right = b.TrimStart('0');
        return left.Length != right.Length ? left.Length - right.Length : left.CompareTo(right, StringComparison.Ordinal);
    }

    /// <summary>The digits a text begins with, or all up to the next digit.</summary>
    private static ReadOnlySpan<char> Piece(ReadOnlySpan<char> text)
    {
        var length = 1;
        while (length < text.Length && char.IsAsciiDigit(text[length]) == char.IsAsciiDigit(text[0])) length++;
        return text[..length];
    }
}

using System.Buffers;
using System.Buffers.Text;

namespace CvOps.Fleet.Ingest;

/// <summary>
/// Goes over JSON of a known form. Every method moves on only when what it looks for is there; what it takes is sound JSON (RFC 8259), but not all sound
/// JSON is taken: texts are plain ASCII without escapes, and between two of its calls there is no white space.
/// </summary>
internal ref struct JsonCursor(ReadOnlySpan<byte> text)
{
    // What may not stand in a text as it is, besides what is no ASCII: the quotation mark, the backslash and the control characters.
    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range(0x20, 0x60).Select(value => (byte)value).Where(value => value is not ((byte)'"' or (byte)'\\'))]);

    private readonly ReadOnlySpan<byte> _text = text;

    public int Position { get; private set; }

    public readonly bool AtEnd => Position == _text.Length;

    public bool Take(ReadOnlySpan<byte> expected)
    {
        if (!_text[Position..].StartsWith(expected)) return false;
        Position += expected.Length;
        return true;
    }

    /// <summary>The rest of a text whose opening quotation mark was taken, without its closing one.</summary>
    public bool Text(out ReadOnlySpan<byte> content)
    {
        var rest = _text[Position..];
        var length = rest.IndexOfAnyExcept(Plain);
        if (length < 0 || rest[length] != '"')
        {
            content = default;
            return false;
        }
        content = rest[..length];
        Position += length + 1;
        return true;
    }

    /// <summary>A number without fraction and exponent that fits.</summary>
    public bool Whole(out long value)
    {
        value = 0;
        return Number(out var digits) && Utf8Parser.TryParse(digits, out value, out var read) && read == digits.Length;
    }

    /// <summary>A number, of which only the form is looked at.</summary>
    public bool Number(out ReadOnlySpan<byte> digits)
    {
        var rest = _text[Position..];
        var at = 0;
        digits = default;
        if (at < rest.Length && rest[at] == '-') at++;
        var whole = Digits(rest, ref at);
        if (whole == 0 || (whole > 1 && rest[at - whole] == '0')) return false;
        if (at < rest.Length && rest[at] == '.')
        {
            at++;
            if (Digits(rest, ref at) == 0) return false;
        }
        if (at < rest.Length && (rest[at] | 0x20) == 'e')
        {
            at++;
            if (at < rest.Length && rest[at] is (byte)'+' or (byte)'-') at++;
            if (Digits(rest, ref at) == 0) return false;
        }
        digits = rest[..at];
        Position += at;
        return true;
    }

    private static int Digits(ReadOnlySpan<byte> text, ref int at)
    {
        var start = at;
        while (at < text.Length && (uint)(text[at] - '0') <= 9) at++;
        return at - start;
    }
}

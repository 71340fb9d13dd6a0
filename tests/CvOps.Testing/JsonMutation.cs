using System.Text;

namespace CvOps.Testing;

/// <summary>Documents damaged as chance, a broken disk or somebody unkind would: what a parser has to stand.</summary>
public static class JsonMutation
{
    private static readonly byte[][] Pieces =
    [
        .. new[]
        {
            "null", "true", "[]", "{}", "\"\"", "-1", "0", "00", "-0", "1e999", "-1e-999", "9223372036854775808", "99999999999999999999999999999999999999", "0.1e+1", "NaN", "\"NaN\"", "\"Infinity\"",
            "\\u0000", "\\ud800", "\\udc00", "\u0001", "\u007f", "é", "日本", "\"device\":\"line-1\",", "\"origin\":null,", ",", ":", "}", "]", "{", "[", "\"", "\\", " ", "\n", "/*", "//",
            "../", "+", "#", "$share", "\"a\":", "Rtcp", "2026-11-21T06:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9999999-14:00",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0], Encoding.UTF8.GetBytes(new string('[', 100)), Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 100))),
    ];

    /// <returns>The document with one to three changes; often no JSON any more, sometimes the same as before.</returns>
    public static byte[] Of(byte[] document, Random random)
    {
        var bytes = new List<byte>(document);
        for (var changes = random.Next(1, 4); changes > 0; changes--) Change(bytes, random);
        return [.. bytes];
    }

    private static void Change(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count + 1);
        var length = Math.Min(bytes.Count - at, 1 + random.Next(random.Next(1, 64)));
        switch (random.Next(8))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 4:
                bytes.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                break;
            case 5:
                bytes.RemoveRange(at, length);
                bytes.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                break;
            case 6:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                // A digit for a digit: what stays sound most often.
                if (bytes.FindIndex(at, value => value is >= (byte)'0' and <= (byte)'9') is >= 0 and var digit) bytes[digit] = (byte)('0' + random.Next(10));
                break;
        }
    }
}

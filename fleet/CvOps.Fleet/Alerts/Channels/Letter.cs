using System.Globalization;
using System.Text;

namespace CvOps.Fleet.Alerts.Channels;

/// <summary>A letter of plain text (RFC 5322, MIME). Pure. Whatever a device or person named it, no line of it can become a header.</summary>
internal static class Letter
{
    /// <summary>An encoded word has at most 75 characters (RFC 2047, 2).</summary>
    private const int WordBytes = 42;

    private const int LineCharacters = 76;

    /// <param name="id">Makes the Message-ID: a letter that comes twice is known by it.</param>
    public static string Write(string from, IReadOnlyList<string> to, string subject, string body, string id, DateTimeOffset at)
    {
        var text = new StringBuilder();
        Line($"Date: {at.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture)}");
        Line($"From: CvOps <{from}>");
        Line($"To: {string.Join(",\r\n ", to.Select(address => $"<{address}>"))}");
        Line($"Message-ID: <{id}@{from[(from.IndexOf('@', StringComparison.Ordinal) + 1)..]}>");
        Line($"Subject: {Encoded(subject)}");
        Line("Auto-Submitted: auto-generated");
        Line("MIME-Version: 1.0");
        Line("Content-Type: text/plain; charset=utf-8");
        Line("Content-Transfer-Encoding: base64");
        Line("");
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(body.ReplaceLineEndings("\r\n")));
        for (var at64 = 0; at64 < base64.Length; at64 += LineCharacters) Line(base64.Substring(at64, Math.Min(LineCharacters, base64.Length - at64)));
        return text.ToString().TrimEnd();

        void Line(string line) => text.Append(line).Append("\r\n");
    }

    private static string Encoded(string subject)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var rune in subject.EnumerateRunes())
        {
            if (Encoding.UTF8.GetByteCount(word.ToString()) + rune.Utf8SequenceLength > WordBytes) Take();
            word.Append(Rune.IsControl(rune) ? new Rune(' ') : rune);
        }
        Take();
        return string.Join("\r\n ", words);

        void Take()
        {
            words.Add($"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(word.ToString()))}?=");
            word.Clear();
        }
    }
}

using System.Globalization;
using System.Text;

namespace CvOps.Vision.Packaging.Drafts;

/// <summary>
/// Lists and dictionaries as Python prints them, which is how exporters leave them in ONNX metadata: <c>{0: 'person', 1: "driver's"}</c>,
/// <c>[640, 640]</c>. JSON lists are read too.
/// </summary>
internal static class PythonLiteral
{
    /// <returns>Values in order, of a dictionary by its number; null when the text is nothing of the kind.</returns>
    public static IReadOnlyList<string>? Read(string text)
    {
        var at = 0;
        if (!Next(text, ref at, out var open) || open is not ("{" or "[" or "(")) return null;
        var close = open switch { "{" => "}", "[" => "]", _ => ")" };
        var found = new SortedDictionary<long, string>();
        while (Next(text, ref at, out var value))
        {
            if (value == close) return [.. found.Values];
            var number = (long)found.Count;
            if (open == "{")
            {
                // JSON puts even numbers in quotes when they are keys.
                if (!long.TryParse(value.TrimStart('"'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) || !Next(text, ref at, out var colon) || colon != ":" || !Next(text, ref at, out value)) return null;
            }

            if (value is ":" or "," or "{" or "[" or "(" || !found.TryAdd(number, value.TrimStart('"')) || !Next(text, ref at, out var comma)) return null;
            if (comma == close) return [.. found.Values];
            if (comma != ",") return null;
        }

        return null;
    }

    /// <param name="token">A bracket, a comma, a colon, a bare word, or a string with a leading quote to tell it from them.</param>
    private static bool Next(string text, ref int at, out string token)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        token = "";
        if (at == text.Length) return false;
        var first = text[at++];
        if (first is '\'' or '"') return Quoted(text, ref at, first, out token);
        if ("{}[](),:".Contains(first)) token = first.ToString();
        else
        {
            var start = at - 1;
            while (at < text.Length && !"{}[](),:".Contains(text[at])) at++;
            token = text[start..at].Trim();
        }

        return true;
    }

    private static bool Quoted(string text, ref int at, char quote, out string token)
    {
        var value = new StringBuilder("\"");
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] == '\\' && at + 1 < text.Length) at++;
            value.Append(text[at++]);
        }

        token = value.ToString();
        return at++ < text.Length;
    }
}

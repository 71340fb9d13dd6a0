using System.Text;

namespace CvOps.Fleet.Training;

/// <summary>Splits a command line into words as a shell does: blanks part, quotes hold together. Nothing is expanded.</summary>
internal static class CommandWords
{
    /// <returns>Null when a quote is left open.</returns>
    public static string[]? Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (inside, quote) = (false, '\0');
        foreach (var letter in text)
        {
            if (quote != '\0')
            {
                if (letter == quote) quote = '\0';
                else word.Append(letter);
            }
            else if (letter is '"' or '\'') (quote, inside) = (letter, true);
            else if (!char.IsWhiteSpace(letter))
            {
                word.Append(letter);
                inside = true;
            }
            else if (inside)
            {
                words.Add(word.ToString());
                word.Clear();
                inside = false;
            }
        }
        if (inside) words.Add(word.ToString());
        return quote == '\0' ? [.. words] : null;
    }
}

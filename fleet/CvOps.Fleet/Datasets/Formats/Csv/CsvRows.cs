using System.Text;

namespace CvOps.Fleet.Datasets.Formats.Csv;

/// <summary>Rows of a CSV (RFC 4180), one at a time: quotes around a field, doubled inside it, and line ends there that end no row.</summary>
internal sealed class CsvRows(TextReader text, char delimiter)
{
    private const int LongestField = 16 << 20;

    private readonly StringBuilder _field = new();
    private int _line = 1;

    /// <summary>Line at which the row read last begins, from 1.</summary>
    public int Line { get; private set; }

    /// <returns>The next row that is not blank; null at the end.</returns>
    /// <exception cref="FormatException">A quote is not closed, or a field has no end.</exception>
    public List<string>? Read()
    {
        while (true)
        {
            Line = _line;
            if (text.Peek() < 0) return null;
            var row = ReadRow();
            if (row is not [""]) return row;
        }
    }

    private List<string> ReadRow()
    {
        var row = new List<string>();
        while (true)
        {
            var next = ReadField();
            row.Add(_field.ToString());
            if (next != delimiter) return row;
        }
    }

    /// <returns>What ended the field: the delimiter, or the end of the row or text.</returns>
    private int ReadField()
    {
        _field.Clear();
        var isQuoted = text.Peek() == '"';
        if (isQuoted) text.Read();
        while (true)
        {
            var letter = text.Read();
            if (letter == '\n') _line++;
            if (isQuoted)
            {
                if (letter < 0) throw new FormatException($"Line {Line}: a quote is not closed.");
                if (letter != '"') _field.Append((char)letter);
                else if (text.Peek() == '"') _field.Append((char)text.Read());
                else isQuoted = false;
            }
            else if (letter == delimiter || letter is < 0 or '\n') return letter;
            else if (letter != '\r' || text.Peek() is not ('\n' or -1)) _field.Append((char)letter);
            if (_field.Length > LongestField) throw new FormatException($"Line {Line}: a field has more than {LongestField} characters.");
        }
    }
}

using CvOps.Contracts;

namespace CvOps.Plans.Selectors;

/// <summary>
/// Reads <c>selector = term {"," term}; term = "!" label | label | label ("="|"=="|"!=") value | label ("in"|"notin") "(" value {"," value} ")"</c>.
/// </summary>
internal ref struct SelectorReader
{
    private const int LongestValue = 256;

    private readonly string _text;
    private int _at;
    private SelectorMistake? _mistake;

    private SelectorReader(string text) => _text = text;

    /// <summary>True for a character that a value may have without quotes.</summary>
    public static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '@' or '+';

    /// <returns>Null when there is a mistake.</returns>
    public static IReadOnlyList<SelectorTerm>? Read(string text, out SelectorMistake? mistake)
    {
        var reader = new SelectorReader(text);
        var terms = reader.Terms();
        mistake = reader._mistake;
        return mistake is null ? terms : null;
    }

    private List<SelectorTerm> Terms()
    {
        var terms = new List<SelectorTerm>();
        if (string.IsNullOrWhiteSpace(_text))
        {
            Fail("A selector that says nothing selects nothing: name a label, such as site=ulm");
            return terms;
        }
        do
        {
            if (Term() is { } term) terms.Add(term);
            Blanks();
        }
        while (_mistake is null && Take(','));
        if (_mistake is null && _at < _text.Length) Fail($"A comma or the end was expected here, not {Shown()}");
        return terms;
    }

    private SelectorTerm? Term()
    {
        Blanks();
        if (Take('!'))
        {
            Blanks();
            var from = _at;
            return Label() is { } absent ? new SelectorTerm(absent, SelectorOperator.Absent, [], from + 1) : null;
        }
        var at = _at + 1;
        if (Label() is not { } label) return null;
        Blanks();
        if (_at == _text.Length || _text[_at] == ',') return new SelectorTerm(label, SelectorOperator.Exists, [], at);
        if (Take('='))
        {
            Take('=');
            return Value() is { } value ? new SelectorTerm(label, SelectorOperator.In, [value], at) : null;
        }
        if (Take('!'))
        {
            if (!Take('=')) return Fail($"'=' was expected after '!', not {Shown()}; '!' alone stands before a label");
            return Value() is { } value ? new SelectorTerm(label, SelectorOperator.NotIn, [value], at) : null;
        }
        var word = _at;
        var kind = Word() switch { "in" => SelectorOperator.In, "notin" => SelectorOperator.NotIn, _ => (SelectorOperator?)null };
        if (kind is null)
        {
            _at = word;
            return Fail($"After the label '{label}', one of = == != in notin was expected, or a comma, not {Shown()}");
        }
        return Values() is { } values ? new SelectorTerm(label, kind.Value, values, at) : null;
    }

    private string[]? Values()
    {
        Blanks();
        if (!Take('(')) return Fail<string[]>($"'(' was expected before the values, not {Shown()}");
        var values = new SortedSet<string>(StringComparer.Ordinal);
        do
        {
            if (Value() is not { } value) return null;
            values.Add(value);
            Blanks();
        }
        while (Take(','));
        return Take(')') ? [.. values] : Fail<string[]>($"A comma or ')' was expected after a value, not {Shown()}");
    }

    private string? Label()
    {
        var from = _at;
        var label = Word();
        if (label.Length == 0) return Fail<string>($"A label was expected, not {Shown()}");
        if (Identifier.IsValid(label)) return label;
        _at = from;
        return Fail<string>($"'{label}' is no label: use 1 to {Identifier.MaxLength} letters, digits, '-', '_' or '.', not starting with '.'");
    }

    private string? Value()
    {
        Blanks();
        var from = _at;
        var value = Take('"') ? Quoted() : Word();
        if (_mistake is not null) return null;
        if (value is { Length: > 0 and <= LongestValue }) return value;
        if (value.Length > LongestValue) _at = from;
        return Fail<string>(value.Length == 0 ? $"A value was expected, not {Shown()}; '!label' selects devices without the label" : $"A value has at most {LongestValue} characters; this one has {value.Length}");
    }

    private string Quoted()
    {
        var value = new System.Text.StringBuilder();
        for (var open = _at - 1; ; value.Append(_text[_at++]))
        {
            if (_at < _text.Length && _text[_at] == '\\') _at++;
            else if (Take('"')) return value.ToString();
            if (_at < _text.Length) continue;
            _at = open;
            Fail("The quotes that begin here do not end");
            return "";
        }
    }

    private string Word()
    {
        var from = _at;
        while (_at < _text.Length && IsWord(_text[_at])) _at++;
        return _text[from.._at];
    }

    private void Blanks()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
    }

    private bool Take(char wanted)
    {
        if (_at == _text.Length || _text[_at] != wanted) return false;
        _at++;
        return true;
    }

    private readonly string Shown() => _at == _text.Length ? "the end" : $"'{_text[_at]}'";

    private SelectorTerm? Fail(string problem) => Fail<SelectorTerm>(problem);

    private T? Fail<T>(string problem) where T : class
    {
        _mistake ??= new SelectorMistake(_text, _at + 1, problem);
        return null;
    }
}

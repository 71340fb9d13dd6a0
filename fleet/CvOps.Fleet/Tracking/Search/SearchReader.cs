using System.Globalization;
using System.Text;

namespace CvOps.Fleet.Tracking.Search;

/// <summary>
/// Reads the filters of MLflow's searches: <c>filter = term {"and" term}; term = field op value; field = [kind "."] key;
/// op = "=" | "!=" | "&lt;" | "&lt;=" | ">" | ">=" | "like" | "ilike" | "in" | "not in"</c>. A key with blanks stands in backticks or double quotes, a text in quotes,
/// a list in brackets. A field without a kind is an attribute.
/// </summary>
internal ref struct SearchReader
{
    private static readonly Dictionary<string, SearchedKind> Kinds = new(StringComparer.Ordinal)
    {
        ["attribute"] = SearchedKind.Attribute, ["attributes"] = SearchedKind.Attribute, ["attr"] = SearchedKind.Attribute, ["run"] = SearchedKind.Attribute,
        ["metric"] = SearchedKind.Metric, ["metrics"] = SearchedKind.Metric,
        ["param"] = SearchedKind.Param, ["params"] = SearchedKind.Param, ["parameter"] = SearchedKind.Param, ["parameters"] = SearchedKind.Param,
        ["tag"] = SearchedKind.Tag, ["tags"] = SearchedKind.Tag, ["dataset"] = SearchedKind.Dataset, ["datasets"] = SearchedKind.Dataset,
    };

    private readonly string _text;
    private int _at;

    private SearchReader(string text) => _text = text;

    /// <exception cref="TrackingException">The text is no filter; the sentence says where and what was expected.</exception>
    public static IReadOnlyList<SearchTerm> Filter(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return [];
        var reader = new SearchReader(text);
        var terms = new List<SearchTerm>();
        do
        {
            terms.Add(reader.Term());
            if (terms.Count > TrackingLimits.Terms) throw TrackingException.Invalid($"A filter has at most {TrackingLimits.Terms} comparisons.");
        }
        while (reader.TakeWord("and"));
        if (!reader.AtEnd()) throw reader.Mistake("'and' or the end was expected");
        return terms;
    }

    /// <param name="text">Such as <c>metrics.accuracy DESC</c>.</param>
    /// <inheritdoc cref="Filter"/>
    public static SearchOrder Order(string text)
    {
        var reader = new SearchReader(text);
        var (kind, key) = reader.Field();
        var descending = reader.TakeWord("desc");
        if (!descending) reader.TakeWord("asc");
        return reader.AtEnd() ? new SearchOrder(kind, key, descending) : throw reader.Mistake("ASC, DESC or the end was expected");
    }

    private SearchTerm Term()
    {
        var (kind, key) = Field();
        var how = Operator();
        if (how is SearchOperator.In or SearchOperator.NotIn) return new SearchTerm(kind, key, how, List(), false);
        Blanks();
        if (Text() is { } text) return new SearchTerm(kind, key, how, [text], false);
        var word = Word();
        return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? new SearchTerm(kind, key, how, [word], true)
            : throw Mistake($"A number, or a text in quotes, was expected as the value of {key}", word.Length);
    }

    private (SearchedKind Kind, string Key) Field()
    {
        Blanks();
        if (Text() is { } quoted) return (SearchedKind.Attribute, quoted);
        var word = Word();
        if (word.Length == 0) throw Mistake("A field such as metrics.accuracy was expected");
        var dot = word.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0) return (SearchedKind.Attribute, word);
        if (!Kinds.TryGetValue(word[..dot], out var kind))
            throw Mistake($"'{word[..dot]}' is none of metrics, params, tags, attributes, datasets", word.Length);
        var key = dot + 1 < word.Length ? word[(dot + 1)..] : Text();
        return key is { Length: > 0 and <= TrackingLimits.Key } ? (kind, key) : throw Mistake($"A key of 1 to {TrackingLimits.Key} characters was expected behind '{word[..(dot + 1)]}'");
    }

    private SearchOperator Operator()
    {
        Blanks();
        if (Take("!=")) return SearchOperator.NotEqual;
        if (Take("<=")) return SearchOperator.AtMost;
        if (Take(">=")) return SearchOperator.AtLeast;
        if (Take("=")) return SearchOperator.Equal;
        if (Take("<")) return SearchOperator.Less;
        if (Take(">")) return SearchOperator.Greater;
        if (TakeWord("like")) return SearchOperator.Like;
        if (TakeWord("ilike")) return SearchOperator.LikeInAnyCase;
        if (TakeWord("in")) return SearchOperator.In;
        return TakeWord("not") && TakeWord("in") ? SearchOperator.NotIn : throw Mistake("One of = != < <= > >= LIKE ILIKE IN NOT IN was expected");
    }

    private List<string> List()
    {
        Blanks();
        if (!Take("(")) throw Mistake("'(' was expected before a list");
        var values = new List<string>();
        do
        {
            Blanks();
            values.Add(Text() ?? throw Mistake("A text in quotes was expected in the list"));
            if (values.Count > TrackingLimits.Page) throw TrackingException.Invalid($"A list in a filter has at most {TrackingLimits.Page} values.");
            Blanks();
        }
        while (Take(","));
        return Take(")") ? values : throw Mistake("A comma or ')' was expected in the list");
    }

    /// <summary>A text in quotes, in which a doubled quote stands for one; null when there are no quotes.</summary>
    private string? Text()
    {
        if (_at == _text.Length || _text[_at] is not ('\'' or '"' or '`')) return null;
        var (open, quote) = (_at, _text[_at++]);
        var text = new StringBuilder();
        for (; _at < _text.Length; _at++)
        {
            if (_text[_at] != quote)
            {
                text.Append(_text[_at]);
                continue;
            }
            _at++;
            if (_at == _text.Length || _text[_at] != quote) return text.ToString();
            text.Append(quote);
        }
        _at = open;
        throw Mistake("The quotes that begin here do not end");
    }

    private string Word()
    {
        var from = _at;
        while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] is '_' or '.' or '-' or '+' or '/' or ':')) _at++;
        return _text[from.._at];
    }

    private bool TakeWord(string wanted)
    {
        Blanks();
        var from = _at;
        if (Word().Equals(wanted, StringComparison.OrdinalIgnoreCase)) return true;
        _at = from;
        return false;
    }

    private bool Take(string wanted)
    {
        if (string.CompareOrdinal(_text, _at, wanted, 0, wanted.Length) != 0) return false;
        _at += wanted.Length;
        return true;
    }

    private bool AtEnd()
    {
        Blanks();
        return _at == _text.Length;
    }

    private void Blanks()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
    }

    /// <param name="back">How many characters before this place the mistake begins.</param>
    private readonly TrackingException Mistake(string expected, int back = 0)
    {
        var at = _at - back;
        var found = at >= _text.Length ? "the end" : $"'{_text[at..Math.Min(_text.Length, at + 20)]}'";
        return TrackingException.Invalid($"{expected}; at character {at + 1} of the filter stands {found}.");
    }
}

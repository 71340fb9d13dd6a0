using System.Globalization;
using Dapper;

namespace CvOps.Fleet.Tracking.Search;

/// <summary>Conditions and an order of a statement, from filters; whatever a person wrote is a parameter and never a part of the text.</summary>
internal sealed class SearchSql
{
    private readonly List<string> _where = [];
    private readonly List<string> _order = [];
    private int _count;

    public DynamicParameters Values { get; } = new();

    /// <summary><c>WHERE ...</c>, or nothing.</summary>
    public string Where => _where.Count == 0 ? "" : $"WHERE {string.Join(" AND ", _where)}";

    public void Require(string condition) => _where.Add(condition);

    /// <summary>Requires that the column is one of these.</summary>
    public void RequireIn<T>(string column, IEnumerable<T> values)
    {
        var names = values.Select(value => Add(value)).ToArray();
        _where.Add(names.Length == 0 ? "1 = 0" : $"{column} IN ({string.Join(", ", names)})");
    }

    /// <returns>The name of a parameter with that value.</returns>
    public string Add(object? value)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"@p{_count++}");
        Values.Add(name, value);
        return name;
    }

    /// <summary>Entries come by this expression, those without a value last.</summary>
    public void By(string expression, bool descending) => _order.Add($"{expression} IS NULL, {expression} {(descending ? "DESC" : "ASC")}");

    /// <param name="otherwise">What settles the order where nothing that was asked for does.</param>
    public string OrderBy(string otherwise) => $"ORDER BY {string.Join(", ", [.. _order, otherwise])}";

    /// <summary>A comparison of a column with texts.</summary>
    public string Text(string column, SearchTerm term)
    {
        if (term.IsNumber) throw TrackingException.Invalid($"{term.Name} is a text: put its value in quotes.");
        return term.Operator switch
        {
            SearchOperator.Equal => $"{column} = {Add(term.Values[0])}",
            SearchOperator.NotEqual => $"{column} <> {Add(term.Values[0])}",
            SearchOperator.Like => $"{column} LIKE {Add(Pattern(term.Values[0]))} ESCAPE '!'",
            SearchOperator.LikeInAnyCase => $"lower({column}) LIKE lower({Add(Pattern(term.Values[0]))}) ESCAPE '!'",
            SearchOperator.In => $"{column} IN ({string.Join(", ", term.Values.Select(Add))})",
            SearchOperator.NotIn => $"{column} NOT IN ({string.Join(", ", term.Values.Select(Add))})",
            _ => throw TrackingException.Invalid($"{term.Name} is a text: compare it with = != LIKE ILIKE IN or NOT IN."),
        };
    }

    /// <summary>A comparison of a column with a number.</summary>
    /// <param name="scale">What the number is multiplied with before; the column is of whole numbers then. 0: of any.</param>
    public string Number(string column, SearchTerm term, long scale = 0)
    {
        if (!term.IsNumber) throw TrackingException.Invalid($"{term.Name} is a number: compare it with one, without quotes.");
        var number = double.Parse(term.Values[0], CultureInfo.InvariantCulture);
        object value = scale == 0 ? number : Math.Abs(number) < long.MaxValue / scale / 2 ? (long)(number * scale) : throw TrackingException.Invalid($"{term.Name} cannot be {term.Values[0]}.");
        return $"{column} {Sign(term)} {Add(value)}";
    }

    private static string Sign(SearchTerm term) => term.Operator switch
    {
        SearchOperator.Equal => "=",
        SearchOperator.NotEqual => "<>",
        SearchOperator.Less => "<",
        SearchOperator.AtMost => "<=",
        SearchOperator.Greater => ">",
        SearchOperator.AtLeast => ">=",
        _ => throw TrackingException.Invalid($"{term.Name} is a number: compare it with = != < <= > or >=."),
    };

    /// <summary>MLflow's patterns know % and _ and no escape.</summary>
    private static string Pattern(string pattern) => pattern.Replace("!", "!!", StringComparison.Ordinal);
}

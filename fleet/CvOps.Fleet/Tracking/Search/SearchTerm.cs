namespace CvOps.Fleet.Tracking.Search;

/// <summary>What a term of a filter looks at.</summary>
internal enum SearchedKind { Attribute, Metric, Param, Tag, Dataset }

internal enum SearchOperator { Equal, NotEqual, Less, AtMost, Greater, AtLeast, Like, LikeInAnyCase, In, NotIn }

/// <summary>One comparison of a filter, such as <c>metrics.accuracy > 0.9</c>.</summary>
/// <param name="Values">One; several for In and NotIn.</param>
/// <param name="IsNumber">The value stood there without quotes.</param>
internal sealed record SearchTerm(SearchedKind Kind, string Key, SearchOperator Operator, IReadOnlyList<string> Values, bool IsNumber)
{
    /// <summary>As the person wrote it, for messages.</summary>
    public string Name => $"{Kind.ToString().ToLowerInvariant()}.{Key}";
}

/// <summary>One term of an order, such as <c>metrics.accuracy DESC</c>.</summary>
internal sealed record SearchOrder(SearchedKind Kind, string Key, bool Descending)
{
    public string Name => $"{Kind.ToString().ToLowerInvariant()}.{Key}";
}

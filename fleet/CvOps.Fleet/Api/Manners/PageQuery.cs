using System.Globalization;
using CvOps.Fleet.Api.Catalog;

namespace CvOps.Fleet.Api.Manners;

/// <summary>Which part of a list is asked for. Pure.</summary>
/// <param name="After">The key of the entry before the page; null from the first.</param>
/// <param name="Limit">Null: all of it.</param>
/// <param name="Mistake">What is wrong with the question, in a sentence.</param>
internal sealed record PageQuery(string? After, int? Limit, string? Mistake)
{
    public static PageQuery Read(IQueryCollection query, ApiOperation operation)
    {
        if (!operation.IsList || !query.TryGetValue("limit", out var text) || text.ToString().Length == 0) return new PageQuery(AfterOf(query, operation), null, null);
        if (!int.TryParse(text.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var limit)) return new PageQuery(null, null, $"limit '{text}' is no whole number: 1 to {Paging.Most}.");
        return new PageQuery(AfterOf(query, operation), Paging.Clamp(limit), null);
    }

    /// <summary>Takes the page out of a list that the handler gave whole, or looks whether one that it gave in part goes on.</summary>
    /// <returns>The page, the cursor of the next, and what is wrong with the present one.</returns>
    public (object[] Shown, string? Next, string? Problem) Take(object[] items, Func<object, string> key, ApiOperation operation)
    {
        if (operation.OwnPages) return (items, Limit is { } asked && items.Length == asked ? key(items[^1]) : null, null);
        var from = 0;
        if (After is { } cursor)
        {
            from = Array.FindIndex(items, item => key(item) == cursor) + 1;
            if (from == 0) return ([], null, $"There is no '{cursor}' in this list, or no more: begin again without 'after'.");
        }
        var limit = Limit ?? operation.UsualLimit ?? items.Length;
        var shown = items.Skip(from).Take(limit).ToArray();
        return (shown, from + shown.Length < items.Length && shown.Length > 0 ? key(shown[^1]) : null, null);
    }

    private static string? AfterOf(IQueryCollection query, ApiOperation operation) => query.TryGetValue(operation.Cursor, out var after) && after.ToString() is { Length: > 0 } cursor ? cursor : null;
}

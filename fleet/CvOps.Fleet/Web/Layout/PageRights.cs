using System.Collections.Frozen;
using System.Reflection;
using CvOps.Fleet.Access.Rights;
using Microsoft.AspNetCore.Components;

namespace CvOps.Fleet.Web.Layout;

/// <summary>Which pages somebody may open, by what each says that it needs: nobody is offered a door that is shut.</summary>
internal static class PageRights
{
    private static readonly FrozenDictionary<string, Needs> Pages = typeof(PageRights).Assembly.GetTypes()
        .SelectMany(type => type.GetCustomAttributes<RouteAttribute>(false).Select(route => (route.Template, Needs: type.GetCustomAttribute<PageNeedsAttribute>(false)?.Needs ?? AddressTable.Page(route.Template))))
        .ToFrozenDictionary(page => page.Template, page => page.Needs, StringComparer.OrdinalIgnoreCase);

    /// <param name="path">Without the slash before it; of a page whose route has no parameter.</param>
    public static bool May(Principal? who, string path) =>
        Pages.TryGetValue($"/{path}", out var needs) && (needs.Audience == Audience.Open
            || (who is not null && who.May(needs.Any) && (needs.Names is Names.NoSite or Names.Filtered || who.MayEverywhere(needs.Any))));

    /// <summary>The navigation as somebody may use it, without sections that would be empty.</summary>
    public static IReadOnlyList<(string Title, IReadOnlyList<NavPage> Pages)> Of(Principal? who) =>
    [
        .. NavMenu.All.Select(section => (section.Title, Pages: (IReadOnlyList<NavPage>)[.. section.Pages.Where(page => May(who, page.Path))])).Where(section => section.Pages.Count > 0),
    ];
}

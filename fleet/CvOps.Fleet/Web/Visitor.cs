using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;

namespace CvOps.Fleet.Web;

/// <summary>Who looks at a page, for as long as the request lasts.</summary>
internal sealed class Visitor(IHttpContextAccessor http)
{
    /// <summary>Null on pages that are open to all.</summary>
    public Principal? Principal => http.HttpContext is { } request ? Principal.Of(request) : null;

    /// <summary>Where a program acts for somebody, that person's.</summary>
    public string Name => (Principal is { ActsForOthers: true } ? http.HttpContext?.Request.Headers[ApiRoutes.ByHeader].FirstOrDefault() : null) ?? Principal?.Name ?? "";

    public bool May(Permission any) => Principal?.May(any) == true;
}

using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Rights;

namespace CvOps.Fleet.Access.Sessions;

/// <summary>
/// Against other sites' pages that use a person's cookie (CSRF): a change that comes with a cookie comes from our own pages (Fetch Metadata, else Origin) and
/// carries the session's form token. Requests with a token in their header carry no cookie and need none of it.
/// </summary>
internal static class FormGuard
{
    public const string Header = "X-CvOps-Form";
    public const string Field = "form-token";

    private const string Foreign = "This change came from another site's page, so it was not made.";
    private const string Unsigned = "This change came without the page's form token: load the page again.";

    /// <summary>Derived from the session's id, which no page and no script can read.</summary>
    public static string TokenOf(string session) => Secrets.Hash("form " + session);

    public static bool Changes(HttpRequest request) => !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method));

    /// <summary>Whether a browser says that another site sent it. Programs that are no browser say nothing.</summary>
    public static bool IsForeign(HttpRequest request)
    {
        if (request.Headers.TryGetValue("Sec-Fetch-Site", out var site)) return site != "same-origin";
        return request.Headers.Origin is [{ } origin] && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    /// <returns>Why it is refused; null when it may pass.</returns>
    public static async Task<string?> RefusalAsync(HttpContext http, Principal principal)
    {
        if (principal.Session is null || !Changes(http.Request)) return null;
        if (IsForeign(http.Request)) return Foreign;
        var shown = http.Request.Headers[Header].ToString();
        if (shown.Length == 0 && http.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true)
            shown = (await http.Request.ReadFormAsync(http.RequestAborted))[Field].ToString();
        return Secrets.AreEqual(shown, principal.FormToken ?? "") ? null : Unsigned;
    }
}

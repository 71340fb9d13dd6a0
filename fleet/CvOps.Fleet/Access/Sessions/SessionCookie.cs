namespace CvOps.Fleet.Access.Sessions;

/// <summary>The cookie that has a session's id. Over https its name binds it to this host alone (<c>__Host-</c>, RFC 6265bis), over http on the loopback it cannot.</summary>
internal static class SessionCookie
{
    private const string Secure = "__Host-cvops";
    private const string Plain = "cvops";

    public static string? Read(HttpContext http) => http.Request.Cookies.TryGetValue(Name(http), out var id) && id.Length > 0 ? id : null;

    public static void Write(HttpContext http, string id, DateTimeOffset ends) => http.Response.Cookies.Append(Name(http), id, Options(http, ends));

    public static void Clear(HttpContext http) => http.Response.Cookies.Delete(Name(http), Options(http, null));

    private static string Name(HttpContext http) => http.Request.IsHttps ? Secure : Plain;

    // Lax and not strict: a link to a rollout in a mail shall open it. What changes something asks for more (FormGuard).
    private static CookieOptions Options(HttpContext http, DateTimeOffset? ends) =>
        new() { HttpOnly = true, Secure = http.Request.IsHttps, SameSite = SameSiteMode.Lax, Path = "/", Expires = ends, IsEssential = true };
}

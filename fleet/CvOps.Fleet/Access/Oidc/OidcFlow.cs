using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Sessions;

namespace CvOps.Fleet.Access.Oidc;

/// <summary>What a sign-in at a provider began with; it waits in a cookie of the browser that began it, so no other browser can end it.</summary>
/// <param name="Verifier">Of PKCE (RFC 7636).</param>
/// <param name="Return">The page to go to.</param>
internal sealed record OidcFlow(string State, string Nonce, string Verifier, string Return, DateTimeOffset Began)
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private const string Secure = "__Host-cvops-oidc";
    private const string Plain = "cvops-oidc";

    /// <summary>S256 of the verifier.</summary>
    public string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    public static OidcFlow Begin(HttpContext http, string back, DateTimeOffset now)
    {
        var flow = new OidcFlow(Secrets.Make(), Secrets.Make(), Secrets.Make(), SignIn.Safe(back), now);
        http.Response.Cookies.Append(Name(http), Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(flow)), Options(http, Life));
        return flow;
    }

    /// <summary>Takes it out of the browser.</summary>
    /// <returns>Null when this browser began none.</returns>
    public static OidcFlow? Take(HttpContext http)
    {
        var text = http.Request.Cookies[Name(http)];
        http.Response.Cookies.Delete(Name(http), Options(http, null));
        if (text is null) return null;
        try
        {
            return JsonSerializer.Deserialize<OidcFlow>(Base64Url.DecodeFromChars(text));
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }

    private static string Name(HttpContext http) => http.Request.IsHttps ? Secure : Plain;

    private static CookieOptions Options(HttpContext http, TimeSpan? life) => new() { HttpOnly = true, Secure = http.Request.IsHttps, SameSite = SameSiteMode.Lax, Path = "/", MaxAge = life, IsEssential = true };
}

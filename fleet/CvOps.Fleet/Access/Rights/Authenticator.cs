using System.Text;
using CvOps.Fleet.Access.Sessions;
using CvOps.Fleet.Access.Tokens;
using CvOps.Fleet.Observability;

namespace CvOps.Fleet.Access.Rights;

/// <param name="Refused">Something was shown that opens nothing.</param>
internal sealed record Authentication(Principal? Principal, bool Refused);

/// <summary>Finds out who asks: by a token in the header (<c>Bearer</c>, or as the password of <c>Basic</c>, as MLflow's clients send it), else by the session's cookie.</summary>
internal sealed class Authenticator(LocalToken local, MetricsToken metrics, ApiTokens tokens, SessionDesk sessions)
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";

    public static readonly Authentication Nobody = new(null, false);
    private static readonly Authentication Wrong = new(null, true);

    public async Task<Authentication> FindAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (header.Length == 0) return await sessions.FindAsync(http) is { } session ? new Authentication(session, false) : Nobody;
        // Secrets of 256 bits: nobody finds one by trying, so a wrong one from an address never holds up the right ones of its neighbours.
        if (Token(header) is not { } token) return Wrong;
        if (local.Opens(token)) return new Authentication(LocalToken.Principal, false);
        if (metrics.Opens(http.Request.Path, token)) return new Authentication(MetricsToken.Principal, false);
        return await tokens.FindAsync(token, http.RequestAborted) is { } principal ? new Authentication(principal, false) : Wrong;
    }

    private static string? Token(string header)
    {
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return header[Bearer.Length..].Trim();
        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase)) return null;
        var bytes = new byte[header.Length];
        return Convert.TryFromBase64String(header[Basic.Length..].Trim(), bytes, out var length) && Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is [_, var password] ? password : null;
    }
}

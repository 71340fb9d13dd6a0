using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Globalization;

namespace CvOps.Testing.IotHub;

/// <summary>A device as the hub's registry has it.</summary>
internal sealed class HubDevice(string id, byte[]? key, string? thumbprint)
{
    public string Id => id;

    public HubTwin Twin { get; } = new();

    /// <summary>Its connection; null while it is away.</summary>
    public HubSession? Session { get; set; }

    /// <summary>Whether a session was kept from an earlier connection.</summary>
    public bool Known { get; set; }

    /// <param name="password">A shared access signature, or nothing.</param>
    /// <param name="shown">Thumbprint of the client certificate; null without one.</param>
    /// <returns>When the credentials end; null when they do not hold.</returns>
    public DateTimeOffset? Admit(string hostName, string password, string? shown, DateTimeOffset now) => AdmitTo($"{hostName}/devices/{id}", password, shown, now);

    /// <summary>The same for another resource, such as a registration.</summary>
    public DateTimeOffset? AdmitTo(string target, string password, string? shown, DateTimeOffset now)
    {
        if (thumbprint is not null) return shown == thumbprint ? DateTimeOffset.MaxValue : null;
        const string Scheme = "SharedAccessSignature ";
        if (key is null || !password.StartsWith(Scheme, StringComparison.Ordinal)) return null;
        var parts = password[Scheme.Length..].Split('&').Select(it => it.Split('=', 2)).Where(it => it.Length == 2).ToDictionary(it => it[0], it => it[1], StringComparer.Ordinal);
        if (!parts.TryGetValue("sr", out var resource) || !parts.TryGetValue("sig", out var signature) || !parts.TryGetValue("se", out var expiry)) return null;
        if (!string.Equals(WebUtility.UrlDecode(resource), target, StringComparison.OrdinalIgnoreCase)) return null;
        var expected = Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{resource}\n{expiry}")));
        if (WebUtility.UrlDecode(signature) != expected) return null;
        var until = DateTimeOffset.FromUnixTimeSeconds(long.Parse(expiry, CultureInfo.InvariantCulture));
        return until > now ? until : null;
    }
}

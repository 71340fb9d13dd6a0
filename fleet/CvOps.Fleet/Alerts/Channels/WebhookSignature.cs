using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CvOps.Fleet.Alerts.Channels;

/// <summary>Signatures of webhooks as Standard Webhooks 1.0.0 has them (github.com/standard-webhooks): HMAC-SHA256 over id, time and body. Pure.</summary>
internal static class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    private const string Prefix = "whsec_";
    private const int LeastBytes = 24;
    private const int MostBytes = 64;

    public static string NewSecret() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <returns>False: the text is no secret.</returns>
    public static bool TryRead(string? secret, [NotNullWhen(true)] out byte[]? key)
    {
        key = null;
        if (secret is null || !secret.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        var bytes = new byte[secret.Length];
        if (!Convert.TryFromBase64String(secret[Prefix.Length..], bytes, out var written) || written is < LeastBytes or > MostBytes) return false;
        key = bytes[..written];
        return true;
    }

    /// <returns>The value of <see cref="SignatureHeader"/>.</returns>
    public static string Sign(ReadOnlySpan<byte> key, string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{at.ToUnixTimeSeconds()}."));
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, [.. head, .. body]))}";
    }
}

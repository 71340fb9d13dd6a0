using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;

namespace CvOps.Fleet.Access;

/// <summary>Whether a token lets a device in. Pure; its proof has been looked at before.</summary>
internal static class EnrolmentRule
{
    /// <param name="known">The device has or had a certificate, or the fleet has heard from it.</param>
    /// <param name="released">An operator lets it be enrolled once more.</param>
    /// <returns>Why not, in a sentence for whoever holds the token; null when it may.</returns>
    public static string? Refusal(TokenView token, DeviceId device, bool known, bool released, DateTimeOffset now) => token switch
    {
        { RevokedAt: { } at } => $"Token {token.Id} was revoked at {at:u}.",
        _ when now >= token.ExpiresAt => $"Token {token.Id} expired at {token.ExpiresAt:u}.",
        _ when token.Used >= token.Uses => $"Token {token.Id} is used up: it let in {token.Used} of {token.Uses}.",
        _ when CertificateAuthority.IsReserved(device.Value) => $"'{device}' is one of the fleet's own names.",
        _ when !Covers(token.Devices, device) => $"Token {token.Id} is for '{token.Devices}', not for '{device}'.",
        _ when known && !token.Replace && !released => $"There is a device '{device}' already. To enrol it again, release it (cvops device release {device}) or make a token with --replace.",
        _ => null,
    };

    /// <param name="pattern">An id, or its beginning and <c>*</c>; null for any.</param>
    public static bool Covers(string? pattern, DeviceId device) => pattern switch
    {
        null => true,
        [.. var beginning, '*'] => device.Value.StartsWith(beginning, StringComparison.Ordinal),
        _ => device.Value == pattern,
    };

    public static bool IsPattern(string pattern) => pattern == "*" || Identifier.IsValid(pattern.EndsWith('*') ? pattern[..^1] : pattern);
}

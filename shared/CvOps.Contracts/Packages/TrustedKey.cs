using System.Globalization;

namespace CvOps.Contracts.Packages;

/// <summary>How a key stands at a moment.</summary>
public enum KeyState { Valid, Unknown, NotYetValid, Expired, Revoked, ClockNotSet }

/// <summary>A state with its words.</summary>
/// <param name="Words">What follows "key 0123": a clause without full stop, e.g. "expired on 2026-05-01 00:00Z".</param>
public sealed record KeyStanding(KeyState State, string Words);

/// <summary>A public key that is believed, or was.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="PublicKeyInfo">SubjectPublicKeyInfo (RFC 5280), DER.</param>
/// <param name="NotBefore">Null for ever since.</param>
/// <param name="NotAfter">Null for ever.</param>
internal sealed record TrustedKey(string Name, byte[] PublicKeyInfo, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter)
{
    /// <summary>The narrower of both: a key that is there twice gets no more than each place gives it.</summary>
    public TrustedKey Within(DateTimeOffset? notBefore, DateTimeOffset? notAfter) => this with
    {
        NotBefore = NotBefore is null || notBefore > NotBefore ? notBefore ?? NotBefore : NotBefore,
        NotAfter = NotAfter is null || notAfter < NotAfter ? notAfter ?? NotAfter : NotAfter,
    };

    /// <param name="earliest">A clock that shows less was never set. Then a key with a validity cannot be judged, and what cannot be judged is refused.</param>
    public KeyStanding At(DateTimeOffset now, DateTimeOffset earliest)
    {
        if (NotBefore is null && NotAfter is null) return new(KeyState.Valid, "valid");
        if (now < earliest) return new(KeyState.ClockNotSet, $"has a validity that cannot be judged: the clock here shows {Shown(now)}, and it is {Shown(earliest)} at least; set the clock and try again");
        if (now >= NotAfter) return new(KeyState.Expired, $"expired on {Shown(NotAfter.Value)} (the clock here shows {Shown(now)})");
        if (now < NotBefore) return new(KeyState.NotYetValid, $"is not valid before {Shown(NotBefore.Value)} (the clock here shows {Shown(now)})");
        return new(KeyState.Valid, NotAfter is { } end ? $"valid until {Shown(end)}" : "valid");
    }

    internal static string Shown(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}

using System.Security.Cryptography;

namespace CvOps.Contracts.Packages;

/// <summary>What kind of answer a verification is.</summary>
public enum VerifyOutcome { Believed, Damaged, UnknownKey, NotYetValid, Expired, Revoked, ClockNotSet }

/// <summary>The verdict on a package: either the package, or the reason against it in a sentence.</summary>
/// <param name="KeyId">Who signed it: the key that is believed, or the first that claims to; null when that could not be read.</param>
public sealed record VerifyResult(ModelPackage? Package, string? Reason, string? KeyId, VerifyOutcome Outcome = VerifyOutcome.Damaged);

/// <summary>Decides whether to believe a package. Whatever is not proven is refused.</summary>
public static class PackageVerifier
{
    /// <summary>
    /// For a package that comes in. It is believed when one of its signatures at least is by a key that is trusted, valid now and not revoked, and
    /// none that can be checked is wrong.
    /// </summary>
    public static VerifyResult Verify(string path, TrustedKeys trusted, DateTimeOffset now)
    {
        ModelPackage package;
        try
        {
            package = PackageReader.Open(path);
        }
        catch (PackageException e)
        {
            return new VerifyResult(null, e.Message, null);
        }

        return Judge(package, trusted, now);
    }

    /// <summary>
    /// For a package that was believed when it came in and whose digest was written down then: it must be whole and that very file. Keys are not asked
    /// again, so that no expiry, revocation or clock stops a line that runs; <see cref="Judge"/> says what they would answer.
    /// </summary>
    /// <exception cref="PackageException">It is another file, or not whole.</exception>
    public static ModelPackage Recheck(string path, string digest)
    {
        var package = PackageReader.Open(path);
        return package.Digest == digest ? package : throw new PackageException($"{path} has the digest {package.Digest}, not {digest}: it is another package or was altered.");
    }

    /// <summary>What <see cref="Verify"/> would say of a package that is open already: a reason to warn of, when it is in charge.</summary>
    public static VerifyResult Judge(ModelPackage package, TrustedKeys trusted, DateTimeOffset now)
    {
        var (reason, signer, outcome) = Weigh(package.Path, package.Signatures, trusted, now);
        return new VerifyResult(outcome == VerifyOutcome.Believed ? package : null, reason, signer, outcome);
    }

    /// <summary>Whether what these sign is believed, by whose signature, and why not.</summary>
    internal static (string? Reason, string? KeyId, VerifyOutcome Outcome) Weigh(string path, IReadOnlyList<SignatureBundle> signatures, TrustedKeys trusted, DateTimeOffset now)
    {
        var standings = signatures.Select(signature => (Id: signature.KeyId, Standing: trusted.Standing(signature.KeyId, now))).ToArray();
        foreach (var signature in signatures)
            if (trusted.Find(signature.KeyId) is { } key && Forgery(signature, key) is { } forgery) return ($"{path} {forgery}", signature.KeyId, VerifyOutcome.Damaged);
        var (best, found) = standings.MinBy(signer => Rank(signer.Standing.State));
        if (found.State == KeyState.Valid) return (null, best, VerifyOutcome.Believed);

        var signers = string.Join(", and by ", standings.Select(signer => signer.Standing.State == KeyState.Unknown ? $"unknown key {signer.Id}" : $"key {signer.Id}, which {signer.Standing.Words}"));
        var known = found.State != KeyState.Unknown ? "" : trusted.KeyIds.Count == 0 ? "; no key is trusted here" : $"; trusted are {string.Join(", ", trusted.KeyIds)}";
        return ($"{path} is signed by {signers}{known}.", best, found.State switch
        {
            KeyState.Revoked => VerifyOutcome.Revoked,
            KeyState.Expired => VerifyOutcome.Expired,
            KeyState.NotYetValid => VerifyOutcome.NotYetValid,
            KeyState.ClockNotSet => VerifyOutcome.ClockNotSet,
            _ => VerifyOutcome.UnknownKey,
        });
    }

    /// <summary>Which of several refusals is told: the one nearest to belief, so that it can be mended.</summary>
    private static int Rank(KeyState state) => state switch
    {
        KeyState.Valid => 0, KeyState.ClockNotSet => 1, KeyState.NotYetValid => 2, KeyState.Expired => 3, KeyState.Revoked => 4, _ => 5,
    };

    private static string? Forgery(SignatureBundle signature, TrustedKey key)
    {
        using var ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportSubjectPublicKeyInfo(key.PublicKeyInfo, out _);
            return SigningKeys.Fingerprint(ecdsa) == signature.Fingerprint && signature.IsBy(ecdsa) ? null : $"was altered: the signature is not by key {signature.KeyId} over this statement.";
        }
        catch (CryptographicException e)
        {
            return $"has a signature that cannot be checked: {e.Message.TrimEnd('.')}.";
        }
    }
}

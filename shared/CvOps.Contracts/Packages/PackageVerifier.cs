using System.Security.Cryptography;

namespace CvOps.Contracts.Packages;

/// <summary>The verdict on a package: either the package, or the reason against it in a sentence.</summary>
/// <param name="KeyId">Who signed it, or claims to; null when that could not be read.</param>
public sealed record VerifyResult(ModelPackage? Package, string? Reason, string? KeyId);

/// <summary>Decides whether to believe a package. Whatever is not proven is refused.</summary>
public static class PackageVerifier
{
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

        return Problem(package.Signature, trusted, now) is { } problem
            ? new VerifyResult(null, $"{path} {problem}", package.KeyId)
            : new VerifyResult(package, null, package.KeyId);
    }

    private static string? Problem(PackageSignature signature, TrustedKeys trusted, DateTimeOffset now)
    {
        if (trusted.Find(signature.KeyId) is not { } key)
        {
            var known = trusted.KeyIds.Count == 0 ? "no key is trusted here" : $"trusted are {string.Join(", ", trusted.KeyIds)}";
            return $"is signed by unknown key {signature.KeyId}; {known}.";
        }

        if (key.NotAfter is { } end && now >= end) return $"is signed by key {signature.KeyId}, which expired on {end:yyyy-MM-dd HH:mm}Z.";
        if (key.NotBefore is { } start && now < start) return $"is signed by key {signature.KeyId}, which is not valid before {start:yyyy-MM-dd HH:mm}Z.";
        using var ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportSubjectPublicKeyInfo(key.PublicKeyInfo, out _);
            return signature.IsBy(ecdsa) ? null : $"was altered: the signature is not by key {signature.KeyId} over this statement.";
        }
        catch (CryptographicException e)
        {
            return $"has a signature that cannot be checked: {e.Message}";
        }
    }
}

using System.Text.Json;
using CvOps.Contracts.Packages;

namespace CvOps.Contracts.Programs;

/// <summary>The verdict on a program package: either the package, or the reason against it in a sentence.</summary>
/// <param name="KeyId">Who signed it; null when that could not be read.</param>
public sealed record ProgramVerdict(ProgramPackage? Package, string? Reason, string? KeyId, VerifyOutcome Outcome = VerifyOutcome.Damaged);

/// <summary>Decides whether to believe a program package, by the same keys and the same rule as a model package. Whatever is not proven is refused.</summary>
public static class ProgramVerifier
{
    /// <summary>Opens a package and checks that it is whole: form, limits, digests, and one statement that all its signatures sign.</summary>
    /// <exception cref="PackageException">It is not sound; the sentence names the file and what is wrong.</exception>
    public static ProgramPackage Open(string path)
    {
        var content = StoredZipReader.Read(path, ProgramNames.Form);
        var signatures = SignedEntries.Take(path, content.Entries, content.Kept, ProgramNames.Required);
        var document = content.Kept[ProgramNames.Manifest];
        var manifest = Manifest(path, document);
        if (ProgramRule.Problem(manifest) is { } problem) throw new PackageException($"{path} is not sound: {problem}");
        SignedEntries.Require(path, signatures, SignedStatement.Create(ProgramNames.Subject(manifest), SignedEntries.Resources(content.Entries)));
        return new ProgramPackage(path, content, manifest, document, signatures);
    }

    /// <summary>For a package that comes in.</summary>
    public static ProgramVerdict Verify(string path, TrustedKeys trusted, DateTimeOffset now)
    {
        try
        {
            var package = Open(path);
            var (reason, signer, outcome) = PackageVerifier.Weigh(path, package.Signatures, trusted, now);
            return new ProgramVerdict(outcome == VerifyOutcome.Believed ? package : null, reason, signer, outcome);
        }
        catch (PackageException e)
        {
            return new ProgramVerdict(null, e.Message, null);
        }
    }

    private static ProgramManifest Manifest(string path, byte[] document)
    {
        try
        {
            return JsonSerializer.Deserialize(document, ContractsJson.Default.ProgramManifest) ?? throw new JsonException("it says null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException or FormatException or InvalidOperationException)
        {
            throw new PackageException($"{path}: {ProgramNames.Manifest} is not understood: {e.Message.TrimEnd('.')}.", e);
        }
    }
}

using CvOps.Contracts.Packages;

namespace CvOps.Contracts.Programs;

/// <summary>A sound program package: whole, and what its signers signed. Whether they are believed is <see cref="ProgramVerifier"/>'s question.</summary>
public sealed class ProgramPackage
{
    /// <summary>Of the files, with the dot.</summary>
    public const string Ending = ".cvagent";

    internal ProgramPackage(string path, StoredZipContent content, ProgramManifest manifest, byte[] document, IReadOnlyList<SignatureBundle> signatures) =>
        (Path, Digest, Bytes, Manifest, Document, Signatures, Archive) = (path, content.Digest, content.Bytes, manifest, document, signatures, content.Entries[ProgramNames.Archive]);

    public string Path { get; }

    /// <summary>SHA-256 of the file, lower-case hex: the program's identity.</summary>
    public string Digest { get; }

    /// <summary>Size of the file.</summary>
    public long Bytes { get; }

    public ProgramManifest Manifest { get; }

    /// <summary>The manifest as it was signed, byte for byte.</summary>
    public ReadOnlyMemory<byte> Document { get; }

    /// <summary>Keys that the package says signed it.</summary>
    public IReadOnlyList<string> KeyIds => [.. Signatures.Select(signature => signature.KeyId)];

    internal IReadOnlyList<SignatureBundle> Signatures { get; }

    internal PackageEntry Archive { get; }
}

/// <summary>The entries of a <c>.cvagent</c>; nothing else is allowed in it.</summary>
internal static class ProgramNames
{
    public const string Manifest = "manifest.json";

    /// <summary>The folder as tar (ustar), gzip around it: regular files alone, in the manifest's order.</summary>
    public const string Archive = "program.tar.gz";

    public static IReadOnlyList<string> Required { get; } = [Manifest, Archive];

    public static StoredZipForm Form { get; } = new("program package", ProgramPackage.Ending, Limits.ProgramPackageBytes, name => Required.Contains(name) || PackageNames.IsSignature(name),
        name => name == Manifest ? Limits.PackageDocumentBytes : PackageNames.IsSignature(name) ? Limits.PackageSignatureBytes : null);

    /// <summary>What people see of it in the signed statement.</summary>
    public static string Subject(ProgramManifest manifest) => $"cvops-agent-{manifest.Version}-{manifest.Runtime}";
}

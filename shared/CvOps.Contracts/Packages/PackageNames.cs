using System.Diagnostics.CodeAnalysis;

namespace CvOps.Contracts.Packages;

/// <summary>What a <c>.cvmodel</c> holds. Nothing else is allowed in it, so a name can never lead out of the package.</summary>
public static class PackageNames
{
    public const string Manifest = "manifest.json";
    public const string Onnx = "model.onnx";
    public const string Profile = "profile.json";
    public const string Golden = "golden.json";
    public const string Lineage = "lineage.json";

    /// <summary>Stands after every other name, so that one more signature leaves all bytes before it as they are.</summary>
    public const string SignatureFolder = "signatures";

    private const string GoldenFolder = "golden/";
    private const string SignatureEnding = ".sig";

    /// <summary>Entries every package has, beside one signature at least.</summary>
    public static IReadOnlyList<string> Required { get; } = [Manifest, Onnx, Profile, Golden, Lineage];

    /// <summary>True for the required names, <c>golden/NAME.f32</c> (or .f16, .u8) and <c>signatures/KEY.sig</c>, where NAME is an <see cref="Identifier"/> and KEY a key's id.</summary>
    public static bool IsAllowed(string name) => Required.Contains(name) || IsTensor(name) || IsSignature(name);

    /// <summary>True for a tensor of the golden vectors.</summary>
    public static bool IsTensor(string name) =>
        name.StartsWith(GoldenFolder, StringComparison.Ordinal) && Identifier.IsValid(name[GoldenFolder.Length..]) && TryElementOf(name, out _);

    /// <summary>A tensor's name.</summary>
    /// <param name="stem">An <see cref="Identifier"/>.</param>
    public static string Tensor(string stem, ElementType element) => GoldenFolder + stem + Ending(element);

    /// <summary>What a tensor's numbers are, by its name.</summary>
    public static bool TryElementOf(string name, [NotNullWhen(true)] out ElementType? element)
    {
        element = null;
        foreach (var candidate in (ReadOnlySpan<ElementType>)[ElementType.Float32, ElementType.Float16, ElementType.UInt8])
            if (name.EndsWith(Ending(candidate), StringComparison.Ordinal)) element = candidate;
        return element is not null;
    }

    /// <summary>True for a signer's bundle.</summary>
    public static bool IsSignature(string name) =>
        name.StartsWith(SignatureFolder, StringComparison.Ordinal) && name.EndsWith(SignatureEnding, StringComparison.Ordinal)
        && name.Length == SignatureFolder.Length + 1 + SigningKeys.KeyIdDigits + SignatureEnding.Length && name[SignatureFolder.Length] == '/'
        && SigningKeys.IsKeyId(name.Substring(SignatureFolder.Length + 1, SigningKeys.KeyIdDigits));

    public static string Signature(string keyId) => $"{SignatureFolder}/{keyId}{SignatureEnding}";

    private static string Ending(ElementType element) => element switch { ElementType.Float16 => ".f16", ElementType.UInt8 => ".u8", _ => ".f32" };
}

namespace CvOps.Contracts.Packages;

/// <summary>What a <c>.cvmodel</c> holds. Nothing else is allowed in it, so a name can never lead out of the package.</summary>
public static class PackageNames
{
    public const string Manifest = "manifest.json";
    public const string Onnx = "model.onnx";
    public const string Profile = "profile.json";
    public const string Golden = "golden.json";
    public const string Lineage = "lineage.json";
    public const string Signature = "signature.json";

    private const string GoldenFolder = "golden/";
    private const string TensorEnding = ".f32";

    /// <summary>Entries every package has.</summary>
    public static IReadOnlyList<string> Required { get; } = [Manifest, Onnx, Profile, Golden, Lineage, Signature];

    /// <summary>True for the required names and for <c>golden/NAME.f32</c>, where NAME is an <see cref="Identifier"/>.</summary>
    public static bool IsAllowed(string name) => Required.Contains(name) || IsTensor(name);

    /// <summary>True for a tensor of the golden vectors.</summary>
    public static bool IsTensor(string name) =>
        name.StartsWith(GoldenFolder, StringComparison.Ordinal)
        && name.EndsWith(TensorEnding, StringComparison.Ordinal)
        && Identifier.IsValid(name[GoldenFolder.Length..]);
}

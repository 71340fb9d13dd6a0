using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames;

/// <summary>What an import may say of a picture beside its label, such as its exposure or lot. Pure.</summary>
internal static class AttributeRule
{
    private const int Most = 32;
    private const int LongestName = 64;
    private const int LongestValue = 128;

    /// <summary>Kinds of slices that every frame has by itself.</summary>
    private static readonly string[] Taken = ["camera", "light", "model"];

    /// <returns>Why not, in a sentence; null when they may be.</returns>
    public static string? Refuse(IReadOnlyDictionary<string, string>? attributes)
    {
        if (attributes is null) return null;
        if (attributes.Count > Most) return $"A picture has at most {Most} attributes; this one has {attributes.Count}.";
        if (attributes.Keys.FirstOrDefault(name => RefuseName(name) is not null) is { } bad) return RefuseName(bad);
        return attributes.FirstOrDefault(pair => pair.Value is null or { Length: 0 or > LongestValue }) is { Key: { } name } ? $"Attribute '{name}' has 1 to {LongestValue} characters." : null;
    }

    public static string? RefuseName(string name) =>
        name.Length is 0 or > LongestName || name.Any(char.IsControl) || name.Contains('=') ? $"'{name}' is no name of an attribute: it has 1 to {LongestName} characters, none of them '='."
        : Taken.Contains(name) ? $"An attribute may not be called '{name}': every frame has that of its own." : null;

    /// <summary>A device's labels and the frame's own attributes, which are closer to it, in the order of their names; null for none.</summary>
    public static IReadOnlyDictionary<string, string>? Slices(IReadOnlyDictionary<string, string>? labels, FrameView frame)
    {
        if (frame.Attributes is not { Count: > 0 } own) return labels;
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in (labels ?? own).Concat(own)) all[name] = value;
        return all;
    }
}

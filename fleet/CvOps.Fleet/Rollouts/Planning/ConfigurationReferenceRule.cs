using CvOps.Contracts.Api;
using CvOps.Plans;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>Which kept configuration a plan means by digest, its beginning, or name. Pure.</summary>
internal static class ConfigurationReferenceRule
{
    private const int ShortestDigest = 8;

    /// <param name="kept">The newest first: a name means the newest of that name.</param>
    /// <returns>The configuration, or why there is none.</returns>
    public static (ConfigurationView? Configuration, string? Problem) Find(string text, IReadOnlyList<ConfigurationView> kept)
    {
        if (kept.FirstOrDefault(view => view.Name == text) is { } named) return (named, null);
        var starting = text.Length >= ShortestDigest ? kept.Where(view => view.Digest.StartsWith(text, StringComparison.Ordinal)).Take(2).ToArray() : [];
        return starting switch
        {
            [var one] => (one, null),
            [_, _] => (null, $"Several configurations have digests that begin with '{text}': write more of it."),
            _ => (null, $"The fleet keeps no configuration '{text}'{Nearest.Hint(text, kept.Select(view => view.Name))} Keep it first: cvops configuration push FILE."),
        };
    }
}

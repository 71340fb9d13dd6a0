using CvOps.Contracts.Api;
using CvOps.Plans;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>Which registered model a plan means by <c>digest</c>, <c>name@version</c> or <c>name@alias</c>. Pure.</summary>
internal static class ModelReferenceRule
{
    private const int DigestLength = 64;
    private const int ShortestDigest = 8;

    /// <returns>The model, or why there is none.</returns>
    public static (ModelView? Model, string? Problem) Find(string text, IReadOnlyList<ModelView> models)
    {
        var (found, problem) = Named(text, models);
        return found switch
        {
            { Revoked: { } revoked } => (null, $"{found.Model.Name} {found.Model.Version} was revoked by {revoked.By}: {revoked.Reason}"),
            { Lost: true } => (null, $"The fleet has lost the file of {found.Model.Name} {found.Model.Version}: bring the same package again (cvops model push)."),
            _ => (found, problem),
        };
    }

    private static (ModelView? Model, string? Problem) Named(string text, IReadOnlyList<ModelView> models)
    {
        if (text.IndexOf('@', StringComparison.Ordinal) is >= 0 and var at)
        {
            var (name, version) = (text[..at], text[(at + 1)..]);
            var named = models.Where(model => model.Model.Name == name).ToArray();
            if (named.Length == 0) return (null, $"The registry has no model called '{name}'{Nearest.Hint(name, models.Select(model => model.Model.Name))}");
            return (named.FirstOrDefault(model => model.Model.Version == version) ?? named.FirstOrDefault(model => model.Aliases.Contains(version))) is { } found ? (found, null)
                : (null, $"Model {name} has no version '{version}'; there are {string.Join(", ", named.Take(8).Select(model => model.Model.Version).Concat(named.SelectMany(model => model.Aliases)))}.");
        }
        var starting = text.Length >= ShortestDigest ? models.Where(model => model.Model.Digest.StartsWith(text, StringComparison.Ordinal)).Take(2).ToArray() : [];
        if (starting.Length == 2) return (null, $"Several models have digests that begin with '{text}': write more of it.");
        return starting is [var one] ? (one, null)
            : (null, $"The registry has no model '{text}': register its package first. A model is named by its digest, at least {ShortestDigest} of {DigestLength} digits, or as name@version.");
    }
}

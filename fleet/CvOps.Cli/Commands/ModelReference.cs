using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>How a person names a registered model.</summary>
internal static class ModelReference
{
    public const string Help = "name@version, name@alias, or the beginning of a digest.";

    /// <exception cref="CliException">None is called that, or several are.</exception>
    public static ModelView Find(ModelView[] all, string text)
    {
        if (text.Split('@') is [var name, var which])
        {
            return all.FirstOrDefault(view => view.Model.Name == name && view.Model.Version == which) ?? all.FirstOrDefault(view => view.Model.Name == name && view.Aliases.Contains(which))
                ?? throw new CliException($"The registry has no version or alias '{which}' of a model '{name}'.");
        }
        return all.Where(view => text.Length >= 8 && view.Model.Digest.StartsWith(text, StringComparison.Ordinal)).ToArray() switch
        {
            [var one] => one,
            [] => throw new CliException($"The registry has no model '{text}'. Name it by name@version, name@alias, or at least 8 digits of its digest."),
            _ => throw new CliException($"Several models have digests that begin with '{text}': write more of it."),
        };
    }
}

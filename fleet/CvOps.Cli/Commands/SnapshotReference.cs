using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>How a person names a dataset snapshot: by its name, or by the beginning of its digest.</summary>
internal static class SnapshotReference
{
    public const string Help = "Its name, or at least 8 digits of its digest. Of several with one name the newest is meant.";

    private const int WholeDigest = 64;
    private const int LeastDigits = 8;

    /// <returns>The digest.</returns>
    /// <exception cref="CliException">None is called that, or several are.</exception>
    public static async Task<string> Digest(FleetClient fleet, string text, CancellationToken ct) =>
        text.Length == WholeDigest ? text : Find(await fleet.Get<DatasetView[]>("datasets", ct), text);

    /// <param name="all">Newest first.</param>
    /// <inheritdoc cref="Digest" path="/exception"/>
    internal static string Find(IReadOnlyList<DatasetView> all, string text)
    {
        if (all.FirstOrDefault(view => view.Name == text) is { } named) return named.Digest;
        return all.Where(view => text.Length >= LeastDigits && view.Digest.StartsWith(text, StringComparison.Ordinal)).ToArray() switch
        {
            [var one] => one.Digest,
            [] => throw new CliException($"There is no snapshot '{text}'. Write its name, or at least {LeastDigits} digits of its digest, as 'cvops dataset list' shows them."),
            _ => throw new CliException($"Several snapshots have digests that begin with '{text}': write more of it."),
        };
    }
}

namespace CvOps.Fleet.Tracking.Registry;

/// <summary>A name under which versions of a model are registered.</summary>
/// <param name="Latest">The newest version; null while there is none.</param>
internal sealed record RegisteredModel(
    string Name, string Description, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, IReadOnlyList<KeyText> Tags, IReadOnlyList<RegisteredAlias> Aliases, RegisteredVersion? Latest);

internal readonly record struct RegisteredAlias(string Alias, string Version);

/// <param name="Version">A number, or of a package whatever its manifest says.</param>
/// <param name="Number">In the order of registration, from 1.</param>
/// <param name="Source">Address of its files.</param>
/// <param name="Run">Id of the run it came from; may be empty.</param>
/// <param name="Digest">Of its package; null for a version that a client made, which no device can run.</param>
internal sealed record RegisteredVersion(
    string Name, string Version, long Number, string Description, string Source, string Run, string RunLink, string Owner, string? Digest, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    IReadOnlyList<KeyText> Tags, IReadOnlyList<string> Aliases);

/// <summary>What is asked of a new version.</summary>
internal sealed record NewVersion(string Name, string Source, string Run, string RunLink, string Description, string By, IReadOnlyList<KeyText> Tags);

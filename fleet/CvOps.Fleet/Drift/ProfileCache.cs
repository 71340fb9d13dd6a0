using System.Collections.Concurrent;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Models;

namespace CvOps.Fleet.Drift;

/// <summary>Reference profiles by package digest, read once each: a package never changes.</summary>
internal sealed class ProfileCache(ModelRegistry registry)
{
    private readonly ConcurrentDictionary<string, ReferenceProfile> _profiles = new();

    /// <returns>Null when the registry has no such package, or the package no profile; asked again next time.</returns>
    public async ValueTask<ReferenceProfile?> Find(string digest)
    {
        if (_profiles.TryGetValue(digest, out var known)) return known;
        if ((await registry.OpenAsync(digest, CancellationToken.None))?.Profile is not { Frames: > 0 } profile) return null;
        return _profiles[digest] = profile;
    }
}

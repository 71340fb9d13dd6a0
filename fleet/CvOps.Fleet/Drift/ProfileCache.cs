using System.Collections.Concurrent;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Drift;

/// <summary>Reference profiles by package digest, read once each: a package never changes.</summary>
internal sealed partial class ProfileCache(ModelRegistry registry, ILogger<ProfileCache> logger)
{
    private readonly ConcurrentDictionary<string, ReferenceProfile> _profiles = new();
    private readonly ConcurrentDictionary<string, bool> _unread = new();

    /// <returns>Null when the registry has no such package, it can't be read any more, or it has no profile; asked again next time.</returns>
    public async ValueTask<ReferenceProfile?> Find(string digest)
    {
        if (_profiles.TryGetValue(digest, out var known)) return known;
        try
        {
            if ((await registry.OpenAsync(digest, CancellationToken.None))?.Profile is not { Frames: > 0 } profile) return null;
            _unread.TryRemove(digest, out _);
            return _profiles[digest] = profile;
        }
        catch (Exception e) when (e is BlobLostException or PackageException)
        {
            // Devices go on speaking of their model: what they say has to be taken in without its profile.
            if (_unread.TryAdd(digest, true)) Log.ProfileUnread(logger, digest, e.Message);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3202, LogLevel.Error, "Drift under model {Model} can't be told: {Reason}")]
        public static partial void ProfileUnread(ILogger logger, string model, string reason);
    }
}

using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Devices;

namespace CvOps.Fleet.Models;

/// <summary>Registered models whose files are gone, before somebody needs one; looked for every ten seconds at most: a page that says all is well for longer would be wrong.</summary>
internal sealed partial class LostPackages(ModelRegistry registry, TimeProvider time, ILogger<LostPackages> logger) : IOverviewSource
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, DateTimeOffset> _since = [];
    private volatile LostPackage[] _found = [];
    private DateTimeOffset _next;

    public async ValueTask<OverviewPart> ReadAsync(CancellationToken cancel) =>
        new(NeedsAttention: [.. (await FindAsync(cancel)).Select(lost => new Attention("error", lost.Message, "/models", lost.Since))]);

    public async ValueTask<IReadOnlyList<LostPackage>> FindAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        lock (_since)
        {
            if (now < _next) return _found;
            _next = now + Every;
        }
        var lost = (await registry.ListAsync(cancel)).Where(model => model.Lost).Select(model => model.Model).ToArray();
        lock (_since)
        {
            foreach (var digest in _since.Keys.Except(lost.Select(model => model.Digest)).ToArray()) _since.Remove(digest);
            foreach (var model in lost)
                if (_since.TryAdd(model.Digest, now)) Log.PackageLost(logger, model.Name, model.Version, model.Digest);
            _found = Array.ConvertAll(lost, model => new LostPackage(model,
                $"The fleet has lost the file of {model.Name} {model.Version}: no device can be given it, and none can return to it. Bring the same package again (cvops model push).", _since[model.Digest]));
        }
        return _found;
    }

    private static partial class Log
    {
        [LoggerMessage(2523, LogLevel.Error, "The file of {Name} {Version} is gone from the blob store: bring the same package again, its digest is {Digest}")]
        public static partial void PackageLost(ILogger logger, string name, string version, string digest);
    }
}

/// <param name="Message">What is lost and what to do, in a sentence.</param>
internal sealed record LostPackage(ModelRef Model, string Message, DateTimeOffset Since);

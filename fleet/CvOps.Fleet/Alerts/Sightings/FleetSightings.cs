using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using Dapper;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Alerts.Sightings;

/// <summary>What concerns the fleet manager itself: its broker, its disk, messages set aside, packages whose files are gone.</summary>
internal sealed class FleetSightings(Database database, FleetLink link, LostPackages packages, IOptions<FleetOptions> options, TimeProvider time) : ISightingSource
{
    private DateTimeOffset? _lost;

    public IReadOnlyList<AlertSource> Sources { get; } = [AlertSource.BrokerLost, AlertSource.FleetDisk, AlertSource.DeadLetters, AlertSource.PackageLost];

    public async ValueTask<IReadOnlyList<Sighting>> ReadAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var found = new List<Sighting> { Disk(now) };
        _lost = link.IsConnected ? null : _lost ?? now;
        if (_lost is { } lost)
            found.Add(new(AlertSource.BrokerLost, Sighting.Fleet, $"The fleet has no connection to the broker {options.Value.Broker}: no device is heard. See whether the broker runs; the fleet's log has the reason.", "/", lost, Sighting.NoLabels));
        var (letters, newest) = await database.ReadAsync(connection => connection.QuerySingle<(long Letters, long? Newest)>("SELECT count(*), max(at) FROM dead_letters"), cancel);
        if (letters > 0)
            found.Add(new(AlertSource.DeadLetters, Sighting.Fleet, $"{letters} {(letters == 1 ? "message was" : "messages were")} set aside: try them again or discard them.", "/deadletters", SqlTime.From(newest!.Value), Sighting.NoLabels, letters));
        foreach (var (model, message, since) in await packages.FindAsync(cancel))
            found.Add(new(AlertSource.PackageLost, model.Digest, message, "/training", since, new Dictionary<string, string> { ["model"] = model.Name }));
        return found;
    }

    private Sighting Disk(DateTimeOffset now)
    {
        var drive = new DriveInfo(Path.GetFullPath(options.Value.Data));
        var free = 100.0 * drive.AvailableFreeSpace / Math.Max(1, drive.TotalSize);
        return new(AlertSource.FleetDisk, Sighting.Fleet, string.Create(CultureInfo.InvariantCulture, $"The disk under {options.Value.Data} has less room than it should: make some, or move the fleet's data to a larger one."),
            "/", now, Sighting.NoLabels, free);
    }
}

using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Rollouts.Planning;
using CvOps.Fleet.Storage;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>
/// Every device's twin as it can be read, in memory: what the device said last, what the fleet wants of it, how its cameras see the world. The database is
/// the truth; whoever commits there tells this store, and <see cref="TwinLoader"/> fills it after a start. A million twins take about a gigabyte.
/// </summary>
internal sealed class TwinStore
{
    private const int Shards = 16;

    private readonly TimeProvider _time;
    private readonly SilenceRule _silence;
    private readonly long _began;
    private readonly TwinTables _tables = new();
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TwinShard[] _shards;

    public TwinStore(TimeProvider time, SilenceRule silence)
    {
        (_time, _silence, _began) = (time, silence, time.GetTimestamp());
        _shards = [.. Enumerable.Range(0, Shards).Select(_ => new TwinShard(_tables))];
    }

    /// <summary>Completes when every device of the database is here.</summary>
    public Task Loaded => _loaded.Task;

    public int Count => _shards.Sum(shard => shard.Count);

    public IReadOnlyList<DriftSeries> Series => _tables.Series.All;

    /// <summary>Seconds since the store began.</summary>
    private long Now => (long)_time.GetElapsedTime(_began).TotalSeconds;

    public void Apply(TwinChange change)
    {
        var (shard, hash, id) = Find(change.Device.Value);
        shard.Apply(hash, id, change, (int)Now, _silence.First(Now, hash));
    }

    public void Fill(TwinChange saved, TwinWish wish)
    {
        var (shard, hash, id) = Find(saved.Device.Value);
        shard.Fill(hash, id, saved, wish, (int)Now, _silence.First(Now, hash));
    }

    public void Wish(string device, TwinWish wish)
    {
        var (shard, hash, id) = Find(device);
        shard.Wish(hash, id, wish);
    }

    public void SetLoaded() => _loaded.TrySetResult();

    /// <summary>Whoever waits for the twins hears that they cannot come.</summary>
    public void SetFailed(Exception reason) => _loaded.TrySetException(reason);

    /// <returns>Null when the device is not here.</returns>
    public DeviceView? View(DeviceId device)
    {
        var (shard, hash, id) = Find(device.Value);
        return shard.Copy(hash, id) is { } twin ? View(twin) : null;
    }

    public TwinSelection Select(LabelSelector selector, GroupMembership groups) => new(selector, _tables.Traits, groups);

    /// <summary>What a selector asks for that no device has, a sentence each.</summary>
    /// <param name="groups">Names of all groups.</param>
    public IEnumerable<string> Unknown(LabelSelector selector, IEnumerable<string> groups)
    {
        var known = new List<DeviceLabels>();
        _tables.Traits.Choose(set =>
        {
            known.Add(new DeviceLabels("", set.Site.Value, set.Labels, []));
            return false;
        });
        foreach (var device in selector.Terms.Where(term => term.Label == DeviceLabels.DeviceName).SelectMany(term => term.Values))
            if (Identifier.IsValid(device) && View(new DeviceId(device)) is { } view) known.Add(new DeviceLabels(device, view.Site.Value, view.Labels, []));
        return new KnownLabels(known, groups).Unknown(selector);
    }

    /// <summary>Chosen devices after that id, in the order of their ids.</summary>
    /// <param name="most">Null: all of them.</param>
    public IEnumerable<DeviceView> Page(TwinSelection selection, string after, int? most, TwinCondition condition = TwinCondition.Any)
    {
        var ids = new List<string>();
        foreach (var shard in _shards) shard.AddIds(ids, selection, after, condition);
        ids.Sort(StringComparer.Ordinal);
        return ids.Take(most ?? ids.Count).Select(id => View(new DeviceId(id))).OfType<DeviceView>();
    }

    /// <summary>Adds up what the chosen devices counted.</summary>
    /// <param name="from">Devices whose newest frame is older stay out.</param>
    public (SliceCounts Counts, SliceDevices Devices) Sum(TwinSelection selection, DateTimeOffset from)
    {
        var seconds = (uint)Math.Clamp(from.ToUnixTimeSeconds(), 0, uint.MaxValue);
        var parts = new (SliceCounts Counts, SliceDevices Devices)[Shards];
        Parallel.For(0, Shards, shard =>
        {
            var counts = new SliceCounts();
            parts[shard] = (counts, _shards[shard].AddTo(counts, selection, seconds));
        });
        for (var shard = 1; shard < Shards; shard++)
        {
            parts[0].Counts.Merge(parts[shard].Counts);
            parts[0].Devices += parts[shard].Devices;
        }
        return parts[0];
    }

    /// <summary>The fleet in numbers, and the devices a person should look at: the worst first, then those heard of last.</summary>
    public (TwinCounts Counts, IReadOnlyList<DeviceView> Attention) Overview(int most)
    {
        var counts = new TwinCounts();
        var attention = new List<AttentionCandidate>();
        foreach (var shard in _shards) shard.Survey(ref counts, attention);
        return (counts, [.. attention.OrderByDescending(item => item.Level).ThenByDescending(item => item.LastSeen).Take(most).Select(item => View(item.Shard.At(item.Row)))]);
    }

    /// <summary>The devices counted by their set of site and labels.</summary>
    public IReadOnlyList<(Traits Set, TwinCounts Counts)> Survey()
    {
        var sets = new Dictionary<int, TwinCounts>();
        foreach (var shard in _shards) shard.Survey(sets);
        return [.. sets.Select(pair => (_tables.Traits[pair.Key], pair.Value))];
    }

    /// <summary>Ids that contain a text, at most so many, in the order of their names.</summary>
    public IReadOnlyList<string> Like(string text, int most)
    {
        var ids = new List<string>();
        var everything = Select(LabelSelector.Everything, GroupMembership.None);
        foreach (var shard in _shards) shard.AddIds(ids, everything, "");
        return [.. ids.Where(id => id.Contains(text, StringComparison.OrdinalIgnoreCase)).OrderBy(id => id.StartsWith(text, StringComparison.OrdinalIgnoreCase) ? 0 : 1).ThenBy(id => id, StringComparer.Ordinal).Take(most)];
    }

    /// <summary>Looks at the devices whose time has come.</summary>
    /// <param name="standing">For how long the fleet itself has been connected.</param>
    /// <returns>Ids of those that became overdue now, and of those that were silent for too long.</returns>
    public (IReadOnlyList<string> Overdue, IReadOnlyList<string> Silent) Look(TimeSpan standing)
    {
        var (overdue, silent, due) = (new List<string>(), new List<string>(), new List<int>());
        foreach (var shard in _shards) shard.Look(Now, Now - (long)standing.TotalSeconds, _silence, due, overdue, silent);
        return (overdue, silent);
    }

    public void SetSilent(string device, DateTimeOffset since, DateTimeOffset lastSeen)
    {
        var (shard, hash, id) = Find(device);
        shard.SetSilent(hash, id, SqlTime.Of(since), SqlTime.Of(lastSeen));
    }

    private (TwinShard Shard, uint Hash, byte[] Id) Find(string device)
    {
        var hash = (uint)device.GetHashCode(StringComparison.Ordinal);
        // The index takes the low bits.
        return (_shards[hash >> 28], hash, Encoding.ASCII.GetBytes(device));
    }

    private static DeviceView View(TwinCopy twin) => new()
    {
        Id = new DeviceId(twin.Id), Site = twin.Traits.Site, Connectivity = twin.Row.Online ? Connectivity.Online : Connectivity.Offline, LastSeen = SqlTime.From(twin.Row.LastSeen),
        Labels = twin.Traits.Labels, Overdue = twin.Row.Overdue, Clock = twin.Row.ClockOffset(), ConnectivitySince = twin.Row.Since > 0 ? SqlTime.From(twin.Row.Since) : null,
        Health = twin.Health is { } health ? JsonSerializer.Deserialize(health.Span, ContractsJson.Default.DeviceHealth) : null,
        Desired = twin.Desired is { } desired ? JsonSerializer.Deserialize(desired.Span, ContractsJson.Default.TwinDesired) : null,
        Reported = twin.Reported is { } reported ? JsonSerializer.Deserialize(reported.Span, ContractsJson.Default.TwinReported) : null,
        Inspections = twin.Row.Inspections, Duplicates = twin.Row.Duplicates,
    };
}

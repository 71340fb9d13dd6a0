using System.Runtime.InteropServices;

namespace CvOps.Fleet.Rollouts.Flight;

/// <summary>What one device counted over a step.</summary>
/// <param name="Step">Steps since 1970.</param>
internal readonly record struct FlightBin(long Step, FlightCounts Counts);

/// <summary>Recorded telemetry by device, each device's steps in order. A step without anything is not there.</summary>
internal sealed record FlightHistory(IReadOnlyDictionary<string, FlightBin[]> Devices, TimeSpan Step, FlightSeen Seen)
{
    public long FirstStep { get; } = Devices.Values.Select(bins => bins[0].Step).DefaultIfEmpty().Min();

    public long LastStep { get; } = Devices.Values.Select(bins => bins[^1].Step).DefaultIfEmpty().Max();

    public DateTimeOffset From => DateTimeOffset.UnixEpoch + (FirstStep * Step);

    /// <summary>The end of the last step.</summary>
    public DateTimeOffset To => DateTimeOffset.UnixEpoch + ((LastStep + 1) * Step);
}

/// <summary>
/// Adds records up as they are read, whatever their number: what is held are counts by device and step, and when they are more than
/// <see cref="Most"/> the steps become twice as long.
/// </summary>
internal sealed class FlightHistoryBuilder(TimeSpan step)
{
    /// <summary>Counts held at once, about a quarter of a kilobyte each.</summary>
    public const int Most = 400_000;

    private readonly Dictionary<string, Dictionary<long, FlightCounts>> _devices = [];
    private int _held;

    public TimeSpan Step { get; private set; } = step;

    public FlightSeen Seen { get; } = new();

    public void Add(string device, DateTimeOffset at, in FlightCounts counts)
    {
        if (!_devices.TryGetValue(device, out var mine)) _devices[device] = mine = [];
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(mine, StepOf(at), out var known);
        sum.Add(counts);
        if (!known && ++_held > Most) Coarsen();
    }

    /// <summary>As <see cref="Add"/>, of a device that has inspected something.</summary>
    /// <returns>False of another.</returns>
    public bool AddBeside(string device, DateTimeOffset at, in FlightCounts counts)
    {
        if (!_devices.ContainsKey(device)) return false;
        Add(device, at, counts);
        return true;
    }

    /// <param name="healthEvery">How often a device at work reports its health.</param>
    public FlightHistory Build(TimeSpan healthEvery)
    {
        var reports = default(FlightCounts);
        reports[FlightCounter.Reports] = Math.Max(1, (long)(Step / healthEvery));
        return new FlightHistory(_devices.ToDictionary(device => device.Key, device => device.Value.OrderBy(bin => bin.Key).Select(bin =>
        {
            var counts = bin.Value;
            counts.Add(reports);
            return new FlightBin(bin.Key, counts);
        }).ToArray()), Step, Seen);
    }

    private long StepOf(DateTimeOffset at) => (long)Math.Floor((at - DateTimeOffset.UnixEpoch) / Step);

    private void Coarsen()
    {
        while (_held > Most / 2)
        {
            Step *= 2;
            _held = 0;
            foreach (var (device, bins) in _devices)
            {
                var merged = new Dictionary<long, FlightCounts>((bins.Count / 2) + 1);
                foreach (var (at, counts) in bins) CollectionsMarshal.GetValueRefOrAddDefault(merged, at >> 1, out _).Add(counts);
                _devices[device] = merged;
                _held += merged.Count;
            }
            // As many devices as that can't become fewer.
            if (_held <= _devices.Count) return;
        }
    }
}

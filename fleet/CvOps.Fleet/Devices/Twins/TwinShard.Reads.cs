using System.Runtime.InteropServices;
using System.Text;
using CvOps.Fleet.Devices.Liveness;

namespace CvOps.Fleet.Devices.Twins;

// What goes over many rows of a shard.
internal sealed partial class TwinShard
{
    /// <summary>Adds up the histograms of the chosen devices.</summary>
    /// <param name="from">Devices whose newest frame is older stay out; seconds since 1970.</param>
    public SliceDevices AddTo(SliceCounts sums, TwinSelection selection, uint from)
    {
        var (selected, old, without, leftOut) = (0, 0, 0, 0L);
        lock (_guard)
        {
            for (var at = 0; at < _count; at++)
            {
                if (!Chosen(at, selection)) continue;
                ref var key = ref Key(at);
                selected++;
                leftOut += key.DriftLeftOut;
                if (key.Drift == 0) without++;
                else if (key.DriftTo < from) old++;
                else _drift.AddTo(sums, key.Drift);
            }
        }
        return new SliceDevices(selected, old, without, leftOut);
    }

    public void Survey(ref TwinCounts counts, List<AttentionCandidate> attention)
    {
        lock (_guard)
        {
            for (var at = 0; at < _count; at++)
            {
                ref var row = ref Row(at);
                counts.Devices++;
                counts.Cameras += row.Health != 0 ? row.Cameras : row.ReportedCameras;
                if (row.Online)
                {
                    counts.Online++;
                    counts.CamerasLive += row.CamerasLive;
                }
                if (DeviceAttention.Level(row) is not AttentionLevel.None and var level) attention.Add(new AttentionCandidate(this, at, level, row.LastSeen));
            }
        }
    }

    /// <summary>Counts the devices of each set of site and labels.</summary>
    /// <param name="sets">By the number of the set.</param>
    public void Survey(Dictionary<int, TwinCounts> sets)
    {
        lock (_guard)
        {
            for (var at = 0; at < _count; at++)
            {
                ref var row = ref Row(at);
                ref var counts = ref CollectionsMarshal.GetValueRefOrAddDefault(sets, Traits(at), out _);
                counts.Devices++;
                counts.Cameras += row.Health != 0 ? row.Cameras : row.ReportedCameras;
                if (row.Online)
                {
                    counts.Online++;
                    counts.CamerasLive += row.CamerasLive;
                }
                if (DeviceAttention.Level(row) == AttentionLevel.Error) counts.Errors++;
                else if (DeviceAttention.Level(row) == AttentionLevel.Warning) counts.Warnings++;
            }
        }
    }

    /// <summary>Ids of the chosen devices after that one, in no order.</summary>
    public void AddIds(List<string> ids, TwinSelection selection, string after, TwinCondition condition = TwinCondition.Any)
    {
        lock (_guard)
        {
            for (var at = 0; at < _count; at++)
            {
                if (!Chosen(at, selection) || !Is(Row(at), condition)) continue;
                var id = Encoding.ASCII.GetString(_blobs.Get(Row(at).Id));
                if (string.CompareOrdinal(id, after) > 0) ids.Add(id);
            }
        }
    }

    public TwinCopy At(int row)
    {
        lock (_guard) return Copy(row);
    }

    /// <summary>Marks devices that have become overdue, and names those that were silent for too long.</summary>
    /// <param name="now">Seconds since the store began.</param>
    /// <param name="standing">Since when the fleet itself has been connected: before that nobody could be heard.</param>
    public void Look(long now, long standing, SilenceRule rule, List<int> due, List<string> overdue, List<string> silent)
    {
        lock (_guard)
        {
            _wheel.Advance(now, due);
            foreach (var at in due)
            {
                ref var row = ref Row(at);
                var (state, next) = rule.Judge(now, Math.Max(row.Heard, standing), row.Hash, row.Online);
                _wheel.Add(at, next);
                if (state == Silence.Overdue && !row.Overdue)
                {
                    row.Set(TwinFlags.Overdue, true);
                    overdue.Add(Encoding.ASCII.GetString(_blobs.Get(row.Id)));
                }
                else if (state == Silence.Silent) silent.Add(Encoding.ASCII.GetString(_blobs.Get(row.Id)));
            }
            due.Clear();
        }
    }

    /// <summary>A device that was silent for too long is offline from now on, unless it has spoken meanwhile.</summary>
    public void SetSilent(uint hash, ReadOnlySpan<byte> id, long since, long lastSeen)
    {
        lock (_guard)
        {
            if (Find(hash, id) is not (>= 0 and var at)) return;
            ref var row = ref Row(at);
            if (row.LastSeen > lastSeen) return;
            row.Set(TwinFlags.Online, false);
            row.Set(TwinFlags.Overdue, false);
            row.Since = since;
        }
    }

    private static bool Is(in TwinRow row, TwinCondition condition) => condition switch
    {
        TwinCondition.Online => row.Online,
        TwinCondition.Offline => !row.Online,
        TwinCondition.Attention => DeviceAttention.Level(row) != AttentionLevel.None,
        _ => true,
    };

    private bool Chosen(int at, TwinSelection selection) =>
        selection.Has(Traits(at)) && (!selection.AsksDevices || selection.Has(Encoding.ASCII.GetString(_blobs.Get(Row(at).Id)), tables.Traits[Traits(at)]));
}

/// <param name="Old">Selected, but their newest frame is too old.</param>
/// <param name="Without">Selected, but they never sent a window that could be counted.</param>
/// <param name="LeftOut">Histograms of the selected devices that could not be added.</param>
internal readonly record struct SliceDevices(int Selected, int Old, int Without, long LeftOut)
{
    public static SliceDevices operator +(SliceDevices a, SliceDevices b) => new(a.Selected + b.Selected, a.Old + b.Old, a.Without + b.Without, a.LeftOut + b.LeftOut);
}

/// <summary>Which devices of a selection are meant.</summary>
internal enum TwinCondition { Any, Attention, Offline, Online }

internal struct TwinCounts
{
    public int Devices;
    public int Online;
    public int Cameras;
    public int CamerasLive;

    /// <summary>Devices of which something is an error; counted by sets only.</summary>
    public int Errors;
    public int Warnings;
}

/// <summary>A device that a person should look at; what for is in its documents.</summary>
internal readonly record struct AttentionCandidate(TwinShard Shard, int Row, AttentionLevel Level, long LastSeen);

using System.Buffers;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Fleet.Devices.Liveness;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>What all shards share.</summary>
internal sealed class TwinTables
{
    public TraitsTable Traits { get; } = new();

    public SeriesTable Series { get; } = new();

    public PackedJson Json { get; } = new(new TextPool());
}

/// <summary>A part of the fleet's twins: rows of fixed size, their documents packed in an arena, their histograms in blocks, and the wheel that says when to ask whether a device still speaks. Every call holds the shard's lock.</summary>
internal sealed partial class TwinShard(TwinTables tables)
{
    private const int ChunkRows = 1024;

    private readonly Lock _guard = new();
    private readonly List<TwinRow[]> _chunks = [];
    private readonly List<TwinKey[]> _keys = [];
    private readonly DeviceIndex _index = new();
    private readonly BlobArena _blobs = new();
    private readonly TwinDrift _drift = new(tables.Series);
    private readonly TimingWheel _wheel = new();
    private readonly PackedWriter _packed = new();

    /// <summary>What was wanted of devices that had not come here yet.</summary>
    private readonly Dictionary<string, TwinWish> _early = [];

    private int _count;

    public int Count
    {
        get { lock (_guard) return _count; }
    }

    /// <param name="hash">Of the id.</param>
    /// <param name="heard">Seconds since the store began.</param>
    /// <param name="look">When to look first whether it still speaks, the same clock.</param>
    /// <returns>Whether it is new here.</returns>
    public bool Apply(uint hash, ReadOnlySpan<byte> id, TwinChange change, int heard, long look)
    {
        lock (_guard)
        {
            var at = Find(hash, id);
            var isNew = at < 0;
            if (isNew)
            {
                at = Add(hash, id, change.Site);
                Row(at).Heard = heard;
                _wheel.Add(at, look);
                if (_early.Remove(Encoding.ASCII.GetString(id), out var wish)) SetWish(at, id, wish);
            }
            ref var row = ref Row(at);
            if (change.Heard)
            {
                row.Heard = heard;
                row.Set(TwinFlags.Overdue, false);
            }
            row.Set(TwinFlags.Online, change.Online);
            if (!change.Online) row.Set(TwinFlags.Overdue, false);
            (row.LastSeen, row.Since, row.Boot) = (change.LastSeen, change.Since, change.Boot);
            (row.Inspections, row.Duplicates) = (Math.Max(row.Inspections, change.Inspections), Math.Max(row.Duplicates, change.Duplicates));
            SetSite(at, change.Site);
            Take(at, id, change);
            return isNew;
        }
    }

    /// <summary>Fills in what the database has and nothing has said since the start.</summary>
    public void Fill(uint hash, ReadOnlySpan<byte> id, TwinChange saved, TwinWish wish, int heard, long look)
    {
        lock (_guard)
        {
            var at = Find(hash, id);
            if (at < 0)
            {
                Apply(hash, id, saved, heard, look);
                at = Find(hash, id);
            }
            else
            {
                ref var known = ref Row(at);
                Take(at, id, saved with
                {
                    Health = known.Health == 0 ? saved.Health : null, Reported = known.Reported == 0 ? saved.Reported : null, Drift = Key(at).Drift == 0 ? saved.Drift : null,
                });
            }
            if ((Row(at).Flags & TwinFlags.Whole) == 0) SetWish(at, id, wish);
        }
    }

    public void Wish(uint hash, ReadOnlySpan<byte> id, TwinWish wish)
    {
        lock (_guard)
        {
            if (Find(hash, id) is >= 0 and var at) SetWish(at, id, wish);
            // It is in the database and on its way here, maybe as it was before.
            else _early[Encoding.ASCII.GetString(id)] = wish;
        }
    }

    /// <returns>Null when the device is not here.</returns>
    public TwinCopy? Copy(uint hash, ReadOnlySpan<byte> id)
    {
        lock (_guard) return Find(hash, id) is >= 0 and var at ? Copy(at) : null;
    }

    private void Take(int at, ReadOnlySpan<byte> id, TwinChange change)
    {
        ref var row = ref Row(at);
        foreach (var sample in change.ClockSamples)
        {
            row.Clock[row.ClockTaken % ClockEstimate.Samples] = ClockEstimate.Sample(sample);
            // Goes round above the number of samples, so that it stays one that says all are there.
            row.ClockTaken = row.ClockTaken == byte.MaxValue ? (byte)(byte.MaxValue - ClockEstimate.Samples + 1) : (byte)(row.ClockTaken + 1);
        }
        if (change.Health is { } health)
        {
            Set(ref row.Health, health.Json, id);
            (row.Cameras, row.CamerasLive, row.HealthLevel) = ((ushort)Math.Min(health.Glance.Cameras, ushort.MaxValue), (ushort)Math.Min(health.Glance.Live, ushort.MaxValue), health.Glance.Level);
        }
        if (change.Reported is { } reported)
        {
            Set(ref row.Reported, reported.Json, id);
            (row.ReportedCameras, row.ReportedLevel) = ((ushort)Math.Min(reported.Glance.Cameras, ushort.MaxValue), reported.Glance.Level);
        }
        if (change.Drift is { } drift)
        {
            ref var key = ref Key(at);
            key.Drift = _drift.Put(key.Drift, drift);
            key.DriftTo = (uint)Math.Clamp(drift.To / 1_000_000, 0, uint.MaxValue);
            key.DriftLeftOut = (uint)Math.Min(drift.LeftOut, uint.MaxValue);
        }
    }

    private void SetWish(int at, ReadOnlySpan<byte> id, TwinWish wish)
    {
        ref var row = ref Row(at);
        if (wish.Desired is { } desired) Set(ref row.Desired, desired, id);
        SetTraits(at, tables.Traits[Traits(at)].Site, wish.Labels);
        row.Set(TwinFlags.Whole, true);
    }

    private void SetSite(int at, SiteId site)
    {
        if (tables.Traits[Traits(at)].Site != site) SetTraits(at, site, tables.Traits.LabelsOf(Traits(at)));
    }

    private void SetTraits(int at, SiteId site, string labels)
    {
        var before = Traits(at);
        Traits(at) = tables.Traits.Take(site, labels);
        tables.Traits.Release(before);
    }

    private void Set(ref uint handle, ReadOnlySpan<byte> json, ReadOnlySpan<byte> id)
    {
        _packed.Clear();
        tables.Json.Pack(json, id, _packed);
        if (handle != 0)
        {
            tables.Json.Release(_blobs.Get(handle));
            _blobs.Free(handle);
        }
        handle = _blobs.Add(_packed.Written);
    }

    private TwinCopy Copy(int at)
    {
        ref var row = ref Row(at);
        var id = _blobs.Get(row.Id);
        return new TwinCopy(Encoding.ASCII.GetString(id), row, tables.Traits[Traits(at)], Json(row.Health, id), Json(row.Desired, id), Json(row.Reported, id));
    }

    private ReadOnlyMemory<byte>? Json(uint handle, ReadOnlySpan<byte> id)
    {
        if (handle == 0) return null;
        var bytes = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(bytes);
        tables.Json.Unpack(_blobs.Get(handle), id, json);
        json.Flush();
        return bytes.WrittenMemory;
    }

    private int Add(uint hash, ReadOnlySpan<byte> id, SiteId site)
    {
        if (_count % ChunkRows == 0)
        {
            _chunks.Add(new TwinRow[ChunkRows]);
            _keys.Add(new TwinKey[ChunkRows]);
        }
        var at = _count++;
        Row(at) = new TwinRow { Id = _blobs.Add(id), Hash = hash };
        Traits(at) = tables.Traits.Take(site, "{}");
        _index.Add(hash, at, other => Row(other).Hash);
        return at;
    }

    private int Find(uint hash, ReadOnlySpan<byte> id)
    {
        for (var at = _index.First(hash); at >= 0; at = _index.Next())
            if (Row(at).Hash == hash && _blobs.Get(Row(at).Id).SequenceEqual(id)) return at;
        return -1;
    }

    private ref int Traits(int at) => ref Key(at).Traits;

    private ref TwinKey Key(int at) => ref _keys[at / ChunkRows][at % ChunkRows];

    private ref TwinRow Row(int at) => ref _chunks[at / ChunkRows][at % ChunkRows];
}

/// <summary>One twin as it was, taken out of its shard; documents are JSON.</summary>
internal sealed record TwinCopy(string Id, TwinRow Row, Traits Traits, ReadOnlyMemory<byte>? Health, ReadOnlyMemory<byte>? Desired, ReadOnlyMemory<byte>? Reported);

using System.Text.Json;
using CvOps.Contracts;

namespace CvOps.Agent.Sampling;

internal enum SamplingPurse { Common, Audit, Disagreement }

/// <summary>
/// How much may still be sent. A frame is granted in memory by <see cref="Take"/> and written to disk by <see cref="Settle"/> before it is sent, so
/// that no restart and no rolling period ever sees more than the budget; one that is granted and not settled counts until it is forgotten. Audit and
/// disagreement have purses of their own; disagreement may take from the common one too. Safe from any thread; only Settle touches the disk.
/// </summary>
internal sealed class SamplingBudget
{
    private readonly Lock _gate = new();
    private readonly Lock _disk = new();
    private readonly string _path;
    private int[] _purses;
    private IReadOnlyList<SamplingLimit> _limits;
    private LimitPeriod _longest;
    private readonly BudgetClock _clock;
    private readonly List<BudgetEntry> _entries;
    private long _blockedUntil;

    /// <param name="folder">The agent's data folder; made when missing.</param>
    /// <param name="boot">For tests; null asks the kernel which boot this is.</param>
    public SamplingBudget(SamplingOptions options, string folder, TimeProvider time, string? boot = null)
    {
        (_purses, _limits, _longest) = Of(options);
        _path = Path.Combine(Directory.CreateDirectory(folder).FullName, "sampling-budget.json");
        var ledger = Load();
        _clock = new BudgetClock(time, ledger?.Saved, boot);
        var wall = time.GetUtcNow().ToUnixTimeSeconds() / SpendingRule.SlotSeconds;
        _entries = [.. ledger?.Entries ?? [], .. (ledger?.Minutes ?? []).SelectMany(minute => OfMinute(minute, wall))];
        _blockedUntil = ledger?.BlockedUntil ?? 0;
        if (ledger is null) Block();
    }

    /// <summary>Frames a purse pays for in an hour.</summary>
    public int PerHour(SamplingPurse purse)
    {
        lock (_gate) return _purses[(int)purse];
    }

    /// <summary>Pays by these from now on; what was spent stays spent. Where days were not limited before, this hour's are all that is remembered.</summary>
    public void Change(SamplingOptions options)
    {
        lock (_gate) (_purses, _limits, _longest) = Of(options);
    }

    /// <summary>Frames left to those who may use this purse, limits of single cameras and classes aside.</summary>
    public int Left(SamplingPurse purse)
    {
        lock (_gate)
        {
            var left = OwnLeft(purse) + (purse == SamplingPurse.Disagreement ? OwnLeft(SamplingPurse.Common) : 0);
            foreach (var limit in _limits)
            {
                if (limit.Of != LimitScope.All) continue;
                var (frames, bytes) = Spent(limit, "", "");
                if (limit.Frames is { } most) left = Math.Min(left, most - frames);
                if (limit.Bytes is { } mostBytes && bytes >= mostBytes) return 0;
            }
            return Math.Max(0, left);
        }
    }

    /// <summary>Whether a further frame, besides some that are granted soon, could be granted now.</summary>
    /// <param name="pending">Frames of this camera that are to be granted before it.</param>
    public bool Allows(SamplingPurse purse, CameraId camera, string? @class, int pending = 0)
    {
        lock (_gate) return PurseFor(purse) is not null && WithinLimits(purse, camera.Value, @class ?? "", pending);
    }

    /// <summary>Grants one frame.</summary>
    /// <returns>Null when the budget does not pay for it; nothing was spent then.</returns>
    public BudgetEntry? Take(SamplingPurse purse, CameraId camera, string? @class)
    {
        lock (_gate)
        {
            Forget();
            if (PurseFor(purse) is not { } paying || !WithinLimits(purse, camera.Value, @class ?? "", 0)) return null;
            var entry = EntryOf(Slot(), paying, camera.Value, @class ?? "");
            entry.Frames++;
            return entry;
        }
    }

    /// <summary>Bytes that a granted frame may have.</summary>
    public long BytesLeft(BudgetEntry granted)
    {
        lock (_gate)
        {
            var left = long.MaxValue;
            foreach (var limit in _limits)
                if (limit.Bytes is { } most && SpendingRule.Applies(limit, granted.Purse)) left = Math.Min(left, most - Spent(limit, granted.Camera, granted.Class).Bytes);
            return Math.Max(0, left);
        }
    }

    /// <summary>Pays for a granted frame: when this returns true, the disk knows.</summary>
    /// <returns>False when there are not so many bytes left; the frame stays counted and must not be sent.</returns>
    /// <exception cref="IOException">The ledger could not be written; the frame must not be sent.</exception>
    public bool Settle(BudgetEntry granted, long bytes)
    {
        lock (_disk)
        {
            byte[] ledger;
            lock (_gate)
            {
                if (BytesLeft(granted) < bytes) return false;
                // Counted when it is sent, not when it was granted.
                if (_entries.Contains(granted) && granted.Frames > 0) granted.Frames--;
                var entry = EntryOf(Slot(), granted.Purse, granted.Camera, granted.Class);
                (entry.Frames, entry.Bytes) = (entry.Frames + 1, entry.Bytes + bytes);
                ledger = Serialize();
            }
            DurableFile.Write(_path, ledger);
            return true;
        }
    }

    private static (int[] Purses, IReadOnlyList<SamplingLimit> Limits, LimitPeriod Longest) Of(SamplingOptions options)
    {
        var audit = (int)Math.Floor(options.FramesPerHour * options.AuditShare);
        var disagreement = (int)Math.Floor(options.FramesPerHour * options.DisagreementShare);
        return ([options.FramesPerHour - audit - disagreement, audit, disagreement], options.Limits, options.Limits.Any(limit => limit.Per == LimitPeriod.Day) ? LimitPeriod.Day : LimitPeriod.Hour);
    }

    private byte[] Serialize() =>
        JsonSerializer.SerializeToUtf8Bytes(new BudgetLedger { Saved = _clock.Instant, Entries = _entries, BlockedUntil = _blockedUntil }, SamplingJson.Default.BudgetLedger);

    private SamplingPurse? PurseFor(SamplingPurse purse) =>
        OwnLeft(purse) > 0 ? purse : purse == SamplingPurse.Disagreement && OwnLeft(SamplingPurse.Common) > 0 ? SamplingPurse.Common : null;

    private int OwnLeft(SamplingPurse purse)
    {
        if (_clock.Now < _blockedUntil) return 0;
        var (left, now) = (_purses[(int)purse], Slot());
        foreach (var entry in _entries)
            if (entry.Purse == purse && SpendingRule.Counts(entry.Slot, now, LimitPeriod.Hour)) left -= entry.Frames;
        return Math.Max(0, left);
    }

    private bool WithinLimits(SamplingPurse purse, string camera, string @class, int pending)
    {
        foreach (var limit in _limits)
        {
            if (!SpendingRule.Applies(limit, purse)) continue;
            var (frames, bytes) = Spent(limit, camera, @class);
            if (frames + pending >= limit.Frames || bytes >= limit.Bytes) return false;
        }
        return true;
    }

    private (int Frames, long Bytes) Spent(SamplingLimit limit, string camera, string @class)
    {
        var (frames, bytes, now) = (0, 0L, Slot());
        foreach (var entry in _entries)
        {
            if (!SpendingRule.Counts(entry.Slot, now, limit.Per) || !SpendingRule.Shares(limit, entry, camera, @class)) continue;
            frames += entry.Frames;
            bytes += entry.Bytes;
        }
        return (frames, bytes);
    }

    private BudgetEntry EntryOf(long slot, SamplingPurse purse, string camera, string @class)
    {
        foreach (var entry in _entries)
            if (entry.Slot == slot && entry.Purse == purse && entry.Camera == camera && entry.Class == @class) return entry;
        var added = new BudgetEntry(slot, purse, camera, @class);
        _entries.Add(added);
        return added;
    }

    /// <summary>What no limit asks about any more goes; of what only days ask about, an hour becomes one entry.</summary>
    private void Forget()
    {
        var now = Slot();
        _entries.RemoveAll(entry => !SpendingRule.Counts(entry.Slot, now, _longest));
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            var entry = _entries[i];
            var hour = SpendingRule.HourOf(entry.Slot);
            if (SpendingRule.Counts(entry.Slot, now, LimitPeriod.Hour) || entry.Slot == hour || hour > now) continue;
            _entries.RemoveAt(i);
            var whole = EntryOf(hour, entry.Purse, entry.Camera, entry.Class);
            (whole.Frames, whole.Bytes) = (whole.Frames + entry.Frames, whole.Bytes + entry.Bytes);
        }
    }

    private long Slot() => (long)(_clock.Now / SpendingRule.SlotSeconds);

    /// <summary>Nothing is paid for a whole longest period: the budget is never overshot, and then all is well.</summary>
    private void Block()
    {
        _blockedUntil = (long)_clock.Now + (SpendingRule.SlotsOf(_longest) + 1) * SpendingRule.SlotSeconds;
        try
        {
            DurableFile.Write(_path, Serialize());
        }
        catch (IOException)
        {
            // Then the next start blocks again.
        }
    }

    private static IEnumerable<BudgetEntry> OfMinute(BudgetMinute minute, long now)
    {
        var slot = Math.Min(now, (minute.Minute * 60 / SpendingRule.SlotSeconds) + 5);
        yield return new BudgetEntry(slot, SamplingPurse.Common, "", "") { Frames = minute.Common };
        yield return new BudgetEntry(slot, SamplingPurse.Audit, "", "") { Frames = minute.Audit };
        yield return new BudgetEntry(slot, SamplingPurse.Disagreement, "", "") { Frames = minute.Disagreement };
    }

    /// <returns>Null for a ledger that can't be read.</returns>
    private BudgetLedger? Load()
    {
        try
        {
            if (!File.Exists(_path)) return new BudgetLedger();
            return JsonSerializer.Deserialize(File.ReadAllBytes(_path), SamplingJson.Default.BudgetLedger) is { } ledger && (ledger.Entries ?? (object?)ledger.Minutes) is not null ? ledger : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

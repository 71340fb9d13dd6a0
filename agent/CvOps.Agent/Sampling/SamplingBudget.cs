using System.Text.Json;
using CvOps.Agent.Update;

namespace CvOps.Agent.Sampling;

internal enum SamplingPurse { Common, Audit, Disagreement }

/// <summary>
/// How many frames may still be sent. Counted by minute over the last 60 and written to disk before a frame is granted, so that no restart and no
/// rolling hour ever sees more than the budget. Audit and disagreement have purses of their own; disagreement may take from the common one too.
/// Safe from any thread.
/// </summary>
internal sealed class SamplingBudget
{
    private const int WindowMinutes = 60;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly int[] _limits;
    private readonly List<BudgetMinute> _minutes;

    /// <param name="folder">The agent's data folder; made when missing.</param>
    public SamplingBudget(SamplingOptions options, string folder, TimeProvider time)
    {
        var audit = (int)Math.Floor(options.FramesPerHour * options.AuditShare);
        var disagreement = (int)Math.Floor(options.FramesPerHour * options.DisagreementShare);
        _limits = [options.FramesPerHour - audit - disagreement, audit, disagreement];
        _path = Path.Combine(Directory.CreateDirectory(folder).FullName, "sampling-budget.json");
        _time = time;
        _minutes = Load();
    }

    /// <summary>Frames a purse pays for in an hour.</summary>
    public int PerHour(SamplingPurse purse) => _limits[(int)purse];

    /// <summary>Frames left to those who may use this purse.</summary>
    public int Left(SamplingPurse purse)
    {
        lock (_gate)
        {
            Forget();
            var own = Own(purse);
            return purse == SamplingPurse.Disagreement ? own + Own(SamplingPurse.Common) : own;
        }
    }

    /// <summary>Pays for one frame.</summary>
    /// <returns>False when the purse is empty; nothing was spent then.</returns>
    /// <exception cref="IOException">The ledger could not be written; nothing was spent.</exception>
    public bool TrySpend(SamplingPurse purse)
    {
        lock (_gate)
        {
            Forget();
            if (purse == SamplingPurse.Disagreement && Own(purse) == 0) purse = SamplingPurse.Common;
            if (Own(purse) == 0) return false;
            var now = Now();
            var minute = _minutes.Where(m => m.Minute == now).Aggregate(new BudgetMinute(now, 0, 0, 0), Sum);
            var paid = purse switch
            {
                SamplingPurse.Audit => minute with { Audit = minute.Audit + 1 },
                SamplingPurse.Disagreement => minute with { Disagreement = minute.Disagreement + 1 },
                _ => minute with { Common = minute.Common + 1 },
            };
            List<BudgetMinute> next = [.. _minutes.Where(m => m.Minute != now), paid];
            DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(new BudgetLedger(next), SamplingJson.Default.BudgetLedger));
            _minutes.Clear();
            _minutes.AddRange(next);
            return true;
        }
    }

    private int Own(SamplingPurse purse)
    {
        var left = _limits[(int)purse];
        foreach (var minute in _minutes)
            left -= purse switch
            {
                SamplingPurse.Audit => minute.Audit,
                SamplingPurse.Disagreement => minute.Disagreement,
                _ => minute.Common,
            };
        return Math.Max(0, left);
    }

    // A minute leaves when all of it is more than an hour old. One from the future means the clock went back: it counts as if spent now.
    private void Forget()
    {
        var now = Now();
        for (var i = _minutes.Count - 1; i >= 0; i--)
        {
            if (_minutes[i].Minute > now) _minutes[i] = _minutes[i] with { Minute = now };
            else if (_minutes[i].Minute + WindowMinutes < now) _minutes.RemoveAt(i);
        }
    }

    private static BudgetMinute Sum(BudgetMinute a, BudgetMinute b) =>
        a with { Common = a.Common + b.Common, Audit = a.Audit + b.Audit, Disagreement = a.Disagreement + b.Disagreement };

    private long Now() => _time.GetUtcNow().ToUnixTimeSeconds() / 60;

    /// <summary>A ledger that can't be read counts as an hour's budget spent: the budget is never overshot, and an hour later all is well.</summary>
    private List<BudgetMinute> Load()
    {
        try
        {
            if (!File.Exists(_path)) return [];
            if (JsonSerializer.Deserialize(File.ReadAllBytes(_path), SamplingJson.Default.BudgetLedger) is { Minutes: { } minutes }) return [.. minutes];
        }
        catch (JsonException)
        {
            // Falls through to the careful answer.
        }

        return [new BudgetMinute(Now(), _limits[0], _limits[1], _limits[2])];
    }
}

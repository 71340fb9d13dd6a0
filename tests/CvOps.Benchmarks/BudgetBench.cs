using CvOps.Agent.Sampling;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// Simulated days of a device that wants to send far more than it may, while its agent is restarted and killed at any point and its wall clock is
/// moved about. Time that passes is told apart from what clocks say, and every rolling period of it is held against its limit.
/// </summary>
internal static class BudgetBench
{
    private const int Days = 6;
    private const int Seeds = 3;

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        SamplingLimit[] limits =
        [
            new() { Per = LimitPeriod.Minute, Frames = 4, Kilobytes = 40 }, new() { Per = LimitPeriod.Day, Frames = 500, Kilobytes = 4000 },
            new() { Per = LimitPeriod.Hour, Of = LimitScope.Camera, Frames = 25 }, new() { Per = LimitPeriod.Day, Of = LimitScope.Class, Frames = 150 },
        ];
        var options = new SamplingOptions { FramesPerHour = 60, AuditShare = 0.2, Limits = limits };
        var (worst, sent, restarts, jumps) = (0L, 0, 0, 0);
        for (var seed = 0; seed < Seeds; seed++)
        {
            var life = Live(options, new Random(seed));
            (sent, restarts, jumps) = (sent + life.Sent.Count, restarts + life.Restarts, jumps + life.Jumps);
            worst = Math.Max(worst, Overshoot(life.Sent, [.. limits, new SamplingLimit { Per = LimitPeriod.Hour, Frames = options.FramesPerHour }]));
        }
        Console.WriteLine($"{Seeds * Days} simulated days: {sent} frames sent ({sent / (double)(Seeds * Days):0} a day of at most 500), {restarts} restarts and kills, {jumps} clock jumps");
        return Task.FromResult<IReadOnlyList<Figure>>([Figure.AtMost("frames or bytes sent above any limit in any rolling period", worst, 0, $"{Seeds * Days} simulated days with restarts, kills and clock jumps")]);
    }

    private static (List<Spent> Sent, int Restarts, int Jumps) Live(SamplingOptions options, Random chance)
    {
        using var folder = new TestFolder();
        var clocks = new MovedClocks();
        List<Spent> sent = [];
        var (restarts, jumps, boots) = (0, 0, 0);
        SamplingBudget Start() => new(options, folder.Path, clocks, $"boot-{boots}");
        var budget = Start();
        while (clocks.True < TimeSpan.FromDays(Days))
        {
            clocks.Pass(TimeSpan.FromSeconds(chance.Next(1, 40)));
            if (chance.Next(40) == 0)
            {
                // Within a boot the wall clock may be put anywhere; over a reboot it comes back right or behind.
                clocks.Wall = TimeSpan.FromHours(chance.Next(-72, 72));
                jumps++;
            }
            if (chance.Next(200) == 0)
            {
                clocks.Pass(TimeSpan.FromMinutes(chance.Next(1, 90)));
                clocks.Reboot(TimeSpan.FromHours(-chance.Next(0, 5)));
                boots++;
                budget = Start();
                restarts++;
            }
            var purse = (SamplingPurse)chance.Next(3);
            var (camera, name, bytes) = (new CameraId($"cam-{chance.Next(3)}"), $"class-{chance.Next(5)}", chance.Next(2000, 14_000));
            if (budget.Take(purse, camera, name) is not { } grant) continue;
            var killed = chance.Next(15);
            if (killed > 0 && budget.Settle(grant, bytes) && killed > 1) sent.Add(new(clocks.True.TotalSeconds, purse, camera.Value, name, bytes));
            if (killed > 1) continue;
            // Killed between grant and ledger, or between ledger and spool.
            budget = Start();
            restarts++;
        }
        return (sent, restarts, jumps);
    }

    private static long Overshoot(List<Spent> sent, IEnumerable<SamplingLimit> limits)
    {
        var worst = 0L;
        foreach (var limit in limits)
        {
            var period = limit.Per switch { LimitPeriod.Minute => 60, LimitPeriod.Hour => 3600, _ => 86_400 };
            foreach (var group in sent.Where(it => limit.Of != LimitScope.Class || it.Purse != SamplingPurse.Audit).GroupBy(it => limit.Of switch { LimitScope.Camera => it.Camera, LimitScope.Class => it.Class, _ => "" }))
            {
                var (all, first, bytes) = (group.ToList(), 0, 0L);
                for (var last = 0; last < all.Count; last++)
                {
                    bytes += all[last].Bytes;
                    while (all[first].At <= all[last].At - period) bytes -= all[first++].Bytes;
                    worst = Math.Max(worst, Math.Max(last - first + 1 - (limit.Frames ?? int.MaxValue), bytes - (limit.Kilobytes ?? int.MaxValue) * 1024L));
                }
            }
        }
        return worst;
    }

    private sealed record Spent(double At, SamplingPurse Purse, string Camera, string Class, long Bytes);

    /// <summary>Time as it passes, and what a device's clocks make of it.</summary>
    private sealed class MovedClocks : TimeProvider
    {
        private static readonly DateTimeOffset Start = new(2026, 11, 2, 6, 0, 0, TimeSpan.Zero);
        private TimeSpan _booted;

        public TimeSpan True { get; private set; }

        public TimeSpan Wall { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time) => True += time;

        public void Reboot(TimeSpan behind) => (_booted, Wall) = (True, behind < Wall ? behind : Wall);

        public override DateTimeOffset GetUtcNow() => Start + True + Wall;

        public override long GetTimestamp() => (True - _booted).Ticks;
    }
}

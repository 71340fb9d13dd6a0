using CvOps.Agent.Update;

namespace CvOps.Agent.Tests.Update;

public sealed class SoakGateTests
{
    private static readonly UpdateOptions Options = new();

    private static readonly SoakEvidence Sound = new()
    {
        Frames = 500, Latency = new(500, 10, 10, 12), LatencyBefore = new(5000, 9, 9, 11), MemoryGrowth = 20 << 20, Watched = TimeSpan.FromSeconds(6),
        SameAnswer = new("cam-1", "ok", 500, new(5000, 4990, 5000, 4), 0.7),
    };

    // What was seen, the manifest's limit, and words of the reason; no words for a model that may stay.
    private static readonly Dictionary<string, (SoakEvidence Seen, double? LimitMs, string[] Words)> Rows = new()
    {
        ["sound"] = (Sound, 20, []),
        ["one error"] = (Sound with { Errors = 1 }, 20, ["no prediction for 1 of its first 500 frames", "0 are allowed"]),
        ["not finite"] = (Sound with { Errors = 2, NotFinite = 2 }, 20, ["NaN or infinite for 2 of its first 500"]),
        ["both"] = (Sound with { Errors = 3, NotFinite = 2 }, 20, ["3 of its first", "2 of them for NaN"]),
        ["over the limit"] = (Sound with { Latency = new(500, 21, 21, 22) }, 20, ["21.0 ms", "95th", "limit is 20.0 ms"]),
        ["a long tail"] = (Sound with { Latency = new(500, 10, 10, 41) }, 20, ["41.0 ms", "99th"]),
        ["a long tail the device had before"] = (Sound with { Latency = new(500, 10, 10, 41), LatencyBefore = new(5000, 9, 9, 30) }, 20, []),
        ["a tail of too few frames"] = (Sound with { Latency = new(100, 10, 10, 41) }, 20, []),
        ["slower, within its own limit"] = (Sound with { Latency = new(500, 60, 60, 61) }, 80, []),
        ["slower, no limit"] = (Sound with { Latency = new(500, 28, 28, 29) }, null, ["28.0 ms", "before took 9.0 ms", "3 times"]),
        ["slower from its first frames on"] = (Sound with { Latency = new(20, 27.5, 28, 29) }, null, ["28.0 ms", "of 20 frames", "3 times"]),
        ["two of twenty frames slow, as on a busy device"] = (Sound with { Latency = new(20, 9, 28, 29) }, null, []),
        ["one frame in ten slow, of many"] = (Sound with { Latency = new(500, 9, 28, 29) }, null, ["28.0 ms", "of 500 frames"]),
        ["slower by what nobody feels"] = (Sound with { Latency = new(500, 4, 4, 5), LatencyBefore = new(5000, 0.5, 0.5, 0.6) }, null, []),
        ["slower, none before"] = (Sound with { Latency = new(500, 28, 28, 29), LatencyBefore = default }, null, []),
        ["one answer for ever"] = (Sound with { SameAnswer = new("cam-1", "dent", 60, new(5000, 2, 2, 1), 0.0006) }, 20, ["'dent' 60 frames on end on camera cam-1", "2 of 5000", "0.001"]),
        ["nothing for ever"] = (Sound with { SameAnswer = new("cam-1", null, 60, new(5000, 2, 2, 1), 0.00006) }, 20, ["said nothing 60 frames"]),
        ["memory"] = (Sound with { MemoryGrowth = 600L << 20 }, 20, ["grew by 600 MB", "512 MB"]),
    };

    public static TheoryData<string> What => [.. Rows.Keys];

    [Theory, MemberData(nameof(What))]
    public void A_soak_fails_for_what_hurts_a_line_and_says_so_with_numbers(string what)
    {
        var (seen, limitMs, words) = Rows[what];
        var result = SoakGate.Decide(seen, Options, limitMs);
        Assert.True(words.Length == 0 == (result.Verdict == SoakVerdict.Passed), $"{what}: {result}");
        Assert.All(words, word => Assert.Contains(word, result.Reason, StringComparison.Ordinal));
        Assert.Equal(result.Reason, SoakGate.Problem(seen, Options, limitMs));
    }

    [Fact]
    public void A_soak_needs_its_frames_and_its_time()
    {
        Assert.Equal(SoakVerdict.Inconclusive, SoakGate.Decide(Sound with { Frames = Options.SoakFrames - 1 }, Options, null).Verdict);
        Assert.Equal(SoakVerdict.Inconclusive, SoakGate.Decide(Sound with { Watched = Options.Soak - TimeSpan.FromTicks(1) }, Options, null).Verdict);
        Assert.Equal(SoakVerdict.Inconclusive, SoakGate.Decide(default, Options, null).Verdict);
    }

    [Fact]
    public void Allowances_come_from_the_options()
    {
        var lenient = Options with { SoakErrors = 3, SoakLatencyRatio = 10, SoakCollapseChance = 0, SoakMemoryMegabytes = 1000 };
        var seen = Sound with
        {
            Errors = 3, Latency = new(500, 28, 28, 29), MemoryGrowth = 600L << 20, SameAnswer = Sound.SameAnswer!.Value with { Chance = 0 },
        };
        Assert.Equal(SoakVerdict.Passed, SoakGate.Decide(seen, lenient, null).Verdict);
    }

    [Fact]
    public void Percentiles_are_those_of_the_latest_frames()
    {
        var window = new LatencyWindow();
        Assert.Equal(new LatencySeen(0, 0, 0, 0), window.Seen);
        var chance = new Random(5);
        List<double> all = [];
        for (var i = 0; i < 3000; i++)
        {
            all.Add(Math.Round(chance.NextDouble() * 20, 1));
            window.Add(all[^1]);
            if (i % 97 != 0) continue;
            var latest = all.TakeLast(1024).Order().ToList();
            Assert.Equal(new LatencySeen(all.Count, latest[(int)Math.Ceiling(0.5 * latest.Count) - 1], latest[(int)Math.Ceiling(0.95 * latest.Count) - 1], latest[(int)Math.Ceiling(0.99 * latest.Count) - 1]), window.Seen);
        }
    }
}

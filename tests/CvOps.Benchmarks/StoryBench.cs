using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Benchmarks;

/// <summary>
/// The same models under three rules, part by part: CvOps' gate at a risk of 1 %, a one-sided 5 % z-test that is looked at after every part from the hundredth
/// on, and "stop at 20 % failed, after 100 at the earliest". Inference normally fails on 2 % of the parts.
/// </summary>
internal static class StoryBench
{
    private const double Normal = 0.02;
    private const int Runs = 1000;
    private const int Parts = 5000;
    private const int First = 100;

    private static readonly RolloutPlan Plan = new()
    {
        Name = "story", Model = new string('a', 64), Everything = true, Rings = [new RolloutRing("canary", Count: 1)], Soak = new Soak(0, Parts, 1e9),
        Guardrails = new Guardrails { ErrorRate = Normal },
    };

    private static readonly (string Name, Func<long, long, bool> Stops)[] Rules =
    [
        ("CvOps, risk of a false stop 1 %", Gate),
        ("5 % z-test, peeked at", (parts, failed) => parts >= First && failed - (parts * Normal) > 1.6449 * Math.Sqrt(parts * Normal * (1 - Normal))),
        ("20 % failed, after 100", (parts, failed) => parts >= First && failed >= 0.2 * parts),
    ];

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        double[] rates = [Normal, 0.05, 0.10, 0.30];
        // Parts at which each run was stopped; Parts where it never was.
        var stops = Rules.Select(rule => rates.Select((rate, i) => Enumerable.Range(0, Runs).Select(run => StopAt(rule.Stops, new Random((i * Runs) + run), rate)).ToArray()).ToArray()).ToArray();
        Console.WriteLine($"{"parts exposed before the stop, mean",-36} {"good, 2 %: false stops",24} {"5 % fail",20} {"10 % fail",20} {"30 % fail",20}");
        for (var rule = 0; rule < Rules.Length; rule++)
            Console.WriteLine($"{Rules[rule].Name,-36} {Share(stops[rule][0]),24} {Exposed(stops[rule][1]),20} {Exposed(stops[rule][2]),20} {Exposed(stops[rule][3]),20}");
        var (own, fixedRule) = (stops[0], stops[2]);
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            Figure.AtMost($"good models stopped by the gate, of {Runs} over {Parts} parts", own[0].Count(n => n < Parts) / (double)Runs, 0.01, $"a peeked 5 % z-test: {Share(stops[1][0])}"),
            Figure.AtMost("parts exposed to a model that fails on 30 % / by '20 % after 100'", own[3].Average() / fixedRule[3].Average(), 0.2, "the same streams"),
            Figure.AtMost("parts exposed to one that fails on 10 % / by '20 % after 100'", own[2].Average() / fixedRule[2].Average(), 0.05, "the same streams; that rule lets it run"),
        ]);
    }

    private static readonly GuardRule Guards = new(Plan);

    private static bool Gate(long parts, long failed)
    {
        var arm = new ArmCounts([(ArmCounter.Parts, parts), (ArmCounter.Errors, failed)]);
        var evidence = RolloutEvidenceOf.Sums(Plan, new RolloutSums(new Dictionary<(int, string), ArmCounts[]> { [(0, "")] = [default, arm, default] }), [], Guards);
        return RolloutGate.Judge(Plan, evidence, new RingFacts("canary", 1, 1, 0, parts, TimeSpan.Zero, TimeSpan.Zero)).Kind == RingVerdictKind.Stop;
    }

    /// <summary>A look after every part. Only a failed one brings a rule nearer, and the first on which it may act: the others need no reckoning.</summary>
    private static int StopAt(Func<long, long, bool> stops, Random random, double rate)
    {
        var failed = 0L;
        for (var n = 1; n < Parts; n++)
        {
            var fails = random.NextDouble() < rate;
            if (fails) failed++;
            if ((fails || n == First) && stops(n, failed)) return n;
        }
        return Parts;
    }

    private static string Share(int[] stops) => string.Create(CultureInfo.InvariantCulture, $"{stops.Count(n => n < Parts) / (double)Runs:0.0 %}");

    private static string Exposed(int[] stops) => string.Create(CultureInfo.InvariantCulture,
        $"{stops.Average():0}{(stops.Any(n => n == Parts) ? $", {stops.Count(n => n == Parts) * 100.0 / Runs:0.#} % never" : "")}");
}

using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Benchmarks;

/// <summary>
/// The product's own gate over whole rollouts in which nothing is wrong: six metrics, three lines that differ threefold in every rate, a batch of bad parts that
/// everybody sees, judged frames, the same frames, controls and the devices' own past, looked at after every batch of reports. And over rollouts whose model is
/// worse by just the margin, which must not be promoted.
/// </summary>
internal static class MultiplicityBench
{
    private const int Rollouts = 1000;
    private const int Looks = 40;
    private const int Lines = 3;
    private const int Parts = 50;

    private static readonly RolloutPlan Plan = new()
    {
        Name = "a", Model = new string('a', 64), Everything = true, Rings = [new RolloutRing("canary", Count: 1)], Soak = new Soak(0, 100, 1e9),
        Guardrails = new Guardrails { NonInferiorityMargin = 0.04, ErrorRate = 0.002, Disagreement = 0.3 },
    };

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        var (stopped, paused) = (0, 0);
        for (var rollout = 0; rollout < Rollouts; rollout++)
        {
            var (stop, pause, _) = Run(new Random(rollout), worse: 0);
            (stopped, paused) = (stopped + (stop ? 1 : 0), paused + (pause ? 1 : 0));
        }
        // Worse by just the margin: of the frames in disagreement so many more speak for the champion.
        var promoted = Enumerable.Range(0, Rollouts).Count(rollout => Run(new Random(rollout), worse: Plan.Guardrails.NonInferiorityMargin).Promoted);
        var risk = Plan.Guardrails.FalseStopRisk;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Rollouts} rollouts each, {Looks} looks: of equal models {stopped} stopped and {paused} paused for a shift; of models worse by the margin {promoted} promoted"));
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            Figure.AtMost($"false stops of {Rollouts} equal models, all metrics and lines", stopped / (double)Rollouts, risk, "the plan's own number, through the product's gate"),
            Figure.AtMost("false pauses of the same", paused / (double)Rollouts, risk, "the plan's own number"),
            Figure.AtMost($"promotions of {Rollouts} models worse by the margin", promoted / (double)Rollouts, Plan.Guardrails.FalsePromotionRisk, "the plan's own number"),
        ]);
    }

    private static (bool Stopped, bool Paused, bool Promoted) Run(Random random, double worse)
    {
        var (guards, rows, paused) = (new GuardRule(Plan), new Dictionary<(int, string), ArmCounts[]>(), false);
        for (var line = 1; line <= Lines; line++) rows[(0, $"line {line}")] = new ArmCounts[Arms.Count];
        for (var look = 0; look < Looks; look++)
        {
            for (var line = 1; line <= Lines; line++)
            {
                var arms = rows[(0, $"line {line}")];
                var rate = 0.01 * line * (look is > 15 and < 25 ? 2 : 1);
                var own = Side(random, rate, Parts);
                arms[look < 10 ? Arms.Past : Arms.Challenger] += own;
                // A device's past was counted for the champion first, beside those of the controls.
                arms[Arms.Champion] += Side(random, rate, 3 * Parts) + (look < 10 ? own : default);
                if (look >= 10) arms[Arms.Challenger] += Pairs(random, rate, worse);
            }
            var evidence = RolloutEvidenceOf.Sums(Plan, new RolloutSums(rows), [], guards);
            var ring = new RingFacts("canary", Lines, Lines, 0, evidence.Parts, TimeSpan.FromSeconds(look), TimeSpan.FromSeconds(look));
            var verdict = RolloutGate.Judge(Plan, evidence, ring).Kind;
            paused |= verdict is RingVerdictKind.Inconclusive or RingVerdictKind.Shift;
            if (RolloutGate.Judge(Plan, evidence, ring with { ShiftAccepted = true }).Kind is var kind && kind == RingVerdictKind.Stop) return (true, paused, false);
            // An A/A rollout that is promoted goes on all the same: its later rings are looked at too.
            if (worse > 0 && kind == RingVerdictKind.Advance) return (false, paused, true);
        }
        return (false, paused, false);
    }

    private static ArmCounts Side(Random random, double rate, int parts) => new(
    [
        (ArmCounter.Parts, parts), (ArmCounter.Errors, Draw(random, parts, 0.001)), (ArmCounter.Rejects, Draw(random, parts, rate)), (ArmCounter.Unsure, Draw(random, parts, 2 * rate)),
        (ArmCounter.Timed, parts), (ArmCounter.Slow, Draw(random, parts, 0.01)), (ArmCounter.Reports, parts / 5), (ArmCounter.Restarts, Draw(random, parts / 5, 0.001)),
        (ArmCounter.Windows, parts / 10), (ArmCounter.DriftedWindows, Draw(random, parts / 10, 0.01)),
    ]);

    private static ArmCounts Pairs(Random random, double rate, double worse)
    {
        const double Discordant = 0.1;
        var counts = new ArmCounts([(ArmCounter.Pairs, Parts), (ArmCounter.BothReject, Draw(random, Parts, rate / 2)), (ArmCounter.OnlyChallengerRejects, Draw(random, Parts, rate / 2)),
            (ArmCounter.OnlyChampionRejects, Draw(random, Parts, rate / 2)), (ArmCounter.BothUnsure, Draw(random, Parts, rate)), (ArmCounter.OnlyChallengerUnsure, Draw(random, Parts, rate)), (ArmCounter.OnlyChampionUnsure, Draw(random, Parts, rate))]);
        counts[ArmCounter.Discordant] = Draw(random, Parts, Discordant);
        var judged = (counts[ArmCounter.Discordant] + 1) / 2;
        counts[ArmCounter.ChampionRight] = Draw(random, (int)judged, 0.5 + (worse / Discordant / 2));
        counts[ArmCounter.ChallengerRight] = judged - counts[ArmCounter.ChampionRight];
        return counts;
    }

    private static long Draw(Random random, int trials, double share)
    {
        var events = 0;
        for (var i = 0; i < trials; i++) if (random.NextDouble() < share) events++;
        return events;
    }
}

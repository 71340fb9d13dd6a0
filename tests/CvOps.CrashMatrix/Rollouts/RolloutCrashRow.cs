using CvOps.Contracts.Api;

namespace CvOps.CrashMatrix.Rollouts;

/// <summary>The fleet killed at one moment of a rollout, and what became of it.</summary>
/// <param name="At">The state that the moment belongs to.</param>
/// <param name="When">in: while it waits there; leaving: in the transition out of it; written: right after that is.</param>
/// <param name="Before">What was written when it died.</param>
/// <param name="After">The first that the next fleet said.</param>
/// <param name="Unheld">Devices held by nobody while the rollout runs, or by one that has ended.</param>
/// <param name="DecidesMs">From the start of the next fleet to its first step; to its first answer where none was left to take.</param>
/// <param name="Trouble">What must not be; null when nothing is.</param>
internal sealed record RolloutCrashRow(
    RolloutState At, string When, RolloutState Before, RolloutState After, RolloutState? End, int Twice, long Lost, long Unheld, long ReportsLost, bool SameEvidence, double DecidesMs, string? Trouble)
{
    private const double DecidesWithinMs = 15_000;

    public static RolloutCrashRow Of(RolloutState at, string when, RolloutState before, RolloutState after, RolloutState end, RolloutTrace trace, RolloutTrace calm, long unheld, double decidesMs)
    {
        var row = new RolloutCrashRow(at, when, before, after, end, trace.Twice(calm), trace.Lost(calm), unheld + trace.Unheld, trace.ReportsLost, trace.Evidence == calm.Evidence, decidesMs, null);
        var trouble = row switch
        {
            { Twice: > 0 } => $"{row.Twice} devices were given a document more",
            { Lost: > 0 } => $"{row.Lost} devices are not where they ought to be, or lack a document: {trace.Where}; without a crash {calm.Where}",
            { Unheld: > 0 } => $"{row.Unheld} devices are held by nobody, or by a rollout that has ended",
            { ReportsLost: not 0 } => $"{row.ReportsLost} acknowledged reports are not counted",
            { SameEvidence: false } => $"the evidence is {trace.Evidence}, and {calm.Evidence} without a crash",
            { DecidesMs: > DecidesWithinMs } => $"it decided after {decidesMs:0} ms, {DecidesWithinMs:0} are allowed",
            _ when trace.Steps != calm.Steps => $"it went {trace.Steps}; without a crash {calm.Steps}",
            _ => null,
        };
        return row with { Trouble = trouble };
    }

    public string Line => FormattableString.Invariant(
        $"{When + " " + At,-26} {Before,-16} {After,-16} {End?.ToString() ?? "-",-10} {Twice,5} {Lost,4} {Unheld,6} {ReportsLost,12} {(SameEvidence ? "the same" : "differs"),-9} {DecidesMs,10:0} ms");

    public static void Print(IReadOnlyList<RolloutCrashRow> rows, TextWriter to)
    {
        to.WriteLine($"{"fleet killed",-26} {"before",-16} {"after",-16} {"end",-10} {"twice",5} {"lost",4} {"unheld",6} {"reports lost",12} {"evidence",-9} {"decides after",13}");
        foreach (var row in rows) to.WriteLine(row.Line);
        foreach (var row in rows.Where(row => row.Trouble is not null)) to.WriteLine($"WRONG: {row.When} {row.At}: {row.Trouble}");
        to.WriteLine($"{rows.Count} kills of the fleet, {rows.Count(row => row.Trouble is not null)} that end wrong.");
    }
}

using CvOps.Contracts.Api;
using CvOps.Statistics;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>
/// Whether waiting is in vain: half of the time is gone, and twice as much of everything as the rest of it will bring would not promote. Pure. It moves no
/// evidence and takes no risk: it only says sooner what the timeout would say, and what would help.
/// </summary>
internal static class FutilityRule
{
    /// <summary>The rest of the time may bring so many times what it brought so far.</summary>
    private const double Generous = 2;

    /// <summary>Beyond so many judgements the answer is that the models are too alike, or the new one too bad, to tell.</summary>
    private const long MostJudgements = 10_000;

    /// <returns>Null while waiting may help; else why it does not.</returns>
    public static string? Judge(RolloutPlan plan, RolloutEvidence evidence, TimeSpan age, TimeSpan timeout)
    {
        if (age < timeout / 2 || age >= timeout || evidence.Pairs == 0) return null;
        var paired = Paired(plan, evidence);
        var limit = Math.Log(evidence.PromoteAt);
        var more = 1 + (Generous * ((timeout / age) - 1));
        if (Grown(paired, more, more).LogPromote >= limit) return null;
        var head = $"inconclusive: after {RolloutWords.Time(age)} of {RolloutWords.Time(timeout)} the comparison stands at evidence {RolloutWords.Evidence(evidence.PromoteEvidence)} of {RolloutWords.Evidence(evidence.PromoteAt)} and will not get there";
        return Judgements(paired, limit) is { } needed
            ? $"{head}: judge about {needed} more frames on which the models disagree, or wait longer"
            : $"{head}: {paired.ChampionRight} of {paired.Judged} judged frames speak for the previous model, too many for a loss below {RolloutWords.Percent(plan.Guardrails.NonInferiorityMargin)}";
    }

    /// <returns>Judgements that would promote if they fall as so far; 0 when none is needed, null when none would.</returns>
    public static long? Needed(RolloutPlan plan, RolloutEvidence evidence) =>
        evidence.PromoteEvidence >= evidence.PromoteAt ? 0 : evidence.Pairs == 0 ? null : Judgements(Paired(plan, evidence), Math.Log(evidence.PromoteAt));

    private static PairedEvidence Paired(RolloutPlan plan, RolloutEvidence evidence) =>
        new(plan.Guardrails.NonInferiorityMargin, evidence.Pairs, evidence.Discordant, evidence.ChallengerRight, evidence.ChampionRight, evidence.NeitherRight);

    /// <summary>Judgements that would promote if they fall as so far; where none is judged, as between equal models. Null when none would.</summary>
    private static long? Judgements(PairedEvidence paired, double limit)
    {
        var start = paired.Judged > 0 ? paired : paired with { ChallengerRight = 1, ChampionRight = 1 };
        for (var judged = Math.Max(2, start.Judged + 1); judged <= MostJudgements; judged += Math.Max(1, judged / 8))
            if (Grown(start with { Pairs = paired.Pairs, Discordant = paired.Discordant }, 1, (double)judged / start.Judged).LogPromote >= limit) return judged - paired.Judged;
        return null;
    }

    private static PairedEvidence Grown(PairedEvidence paired, double frames, double judgements) => paired with
    {
        Pairs = Times(paired.Pairs, frames), Discordant = Times(paired.Discordant, frames), ChallengerRight = Times(paired.ChallengerRight, judgements),
        ChampionRight = Times(paired.ChampionRight, judgements), NeitherRight = Times(paired.NeitherRight, judgements),
    };

    private static long Times(long count, double factor) => (long)Math.Round(count * factor);
}

using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Demo;

/// <summary>Starts rollouts as an operator would and waits for their verdict.</summary>
internal sealed class RolloutRunner(FleetClient fleet)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(200);

    /// <summary>A pause that judged frames may still answer is none to report yet.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(60);

    private static readonly IReadOnlyList<RolloutRing> CanaryThenEveryone = [new("canary", Count: 1), new("everyone", Percent: 100)];

    /// <summary>A first installation: nothing to compare with yet.</summary>
    public static RolloutPlan Install(string name, ModelView model) => new()
    {
        Name = name,
        Model = model.Model.Digest,
        Everything = true,
        FirstInstallation = true,
        Rings = CanaryThenEveryone,
        Soak = new Soak(Seconds: 3, Parts: 10, TimeoutSeconds: 60),
    };

    /// <summary>One canary, then everyone; minutes instead of days, since a demo's parts come fast and are labelled at once.</summary>
    public static RolloutPlan Staged(string name, ModelView model) => new()
    {
        Name = name,
        Model = model.Model.Digest,
        Everything = true,
        Rings = CanaryThenEveryone,
        Soak = new Soak(Seconds: 5, Parts: 40, TimeoutSeconds: 150),
        Guardrails = new Guardrails { NonInferiorityMargin = 0.05 },
    };

    public async Task<RolloutView> Run(RolloutPlan plan, CancellationToken ct)
    {
        var rollout = await fleet.Post<RolloutPlan, RolloutView>("rollouts", plan, ct);
        return await FleetWatch.Until($"the end of rollout {plan.Name}", Patience, async () => await fleet.Get<RolloutView>($"rollouts/{rollout.Id}", ct),
            view => view.State is RolloutState.Completed or RolloutState.RolledBack or RolloutState.Aborted || (view.State == RolloutState.Paused && DateTimeOffset.UtcNow - view.History[^1].At > AnswerTime),
            view => $"{view?.State}: {view?.Reason}", ct);
    }

    public static void Say(Figures figures, RolloutView rollout)
    {
        var evidence = rollout.Evidence;
        figures.Say("verdict", rollout.Reason);
        figures.Say("evidence", string.Create(CultureInfo.InvariantCulture,
            $"{evidence.Pairs} paired frames, {evidence.Discordant} discordant, {evidence.Judged} judged: new right {evidence.ChallengerRight}, old right {evidence.ChampionRight}"));
        figures.Say("e-values", string.Create(CultureInfo.InvariantCulture,
            $"stop {evidence.StopEvidence:0.##} of {evidence.StopAt:0}, promote {evidence.PromoteEvidence:0.##} of {evidence.PromoteAt:0}"));
        figures.Say("mean confidence", string.Create(CultureInfo.InvariantCulture, $"old {evidence.ChampionConfidence:0.000}, new {evidence.ChallengerConfidence:0.000}"));
        figures.Say("parts exposed", $"{evidence.Parts}");
        figures.Say("states", Transitions(rollout));
    }

    public static string Transitions(RolloutView rollout) => string.Join(" -> ", rollout.History.Select(step => step.To));
}

using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Api.Catalog;

internal static class RolloutOperations
{
    private static readonly Feature Rollouts = new("Rollouts");
    private static readonly string[] Plan = [ApiOperation.Json, "application/yaml"];

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Rollouts.List<RolloutView>("/rollouts", "listRollouts", "Rollouts, newest first, without their devices.", rollout => rollout.Id),
        Rollouts.Post<RolloutPlan, RolloutView>("/rollouts", "createRollout", "Starts a rollout by its plan, or drafts it.") with { BodyTypes = Plan, Status = 201 },
        Rollouts.Post<RolloutPlan, PlanCheck>("/rollouts/check", "checkPlan", "What a plan would do now, with every mistake in it.") with { BodyTypes = Plan },
        Rollouts.Post<RolloutPlan, FlightLine>("/rollouts/simulate", "simulatePlan", "Flies a plan over recorded telemetry; the last line has the report.") with { BodyTypes = Plan, AnswerType = ApiOperation.Lines },
        Rollouts.Get<EmergencyStop>("/rollouts/stop-all", "getEmergencyStop", "Whether the emergency stop is on."),
        Rollouts.Post<RolloutAction, EmergencyStop>("/rollouts/stop-all", "stopAll", "Stops every rollout at once."),
        Rollouts.Post<RolloutAction, EmergencyStop>("/rollouts/lift-stop", "liftStop", "Lifts the emergency stop."),
        Rollouts.Get<RolloutView>("/rollouts/{id}", "getRollout", "One rollout: plan, rings, evidence and history.") with { Tagged = true, TagBy = rollout => ((RolloutView)rollout).Plan },
        Rollouts.Put<RolloutPlan, RolloutView>("/rollouts/{id}", "reviseRollout", "Gives a draft another plan.") with { BodyTypes = Plan, Guards = "/rollouts/{id}", Refusals = [409] },
        Rollouts.Page<RolloutDevicePage>("/rollouts/{id}/devices", "listRolloutDevices", "A rollout's devices by ring and place.", page => page.Next?.ToString(CultureInfo.InvariantCulture)),
        Rollouts.Get<DiscordantPage>("/rollouts/{id}/discordant", "listDiscordant", "Frames on which the two models disagree, in the order to judge them."),
        Rollouts.Post<Judgement, FrameView>("/rollouts/{id}/discordant/{frame}", "judgeFrame", "Says which model was right on a frame; labels it so."),
        .. new (string Verb, string Says)[]
        {
            ("start", "Lets a draft loose."), ("pause", "Pauses a rollout."), ("resume", "Goes on with a rollout that is paused."), ("approve", "Approves the next ring."), ("retry", "Tries the devices of the ring that failed again."),
            ("abort", "Ends a rollout where it is."), ("rollback", "Takes a rollout back from every device it touched."),
        }.Select(it => Rollouts.Post<RolloutAction, RolloutView>($"/rollouts/{{id}}/{it.Verb}", $"{it.Verb}Rollout", it.Says) with { Refusals = [409] }),
    ];
}

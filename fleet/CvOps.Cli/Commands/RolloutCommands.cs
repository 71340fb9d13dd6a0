using System.CommandLine;
using System.Globalization;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

internal static class RolloutCommands
{
    public static Command All(FleetCommand on)
    {
        var rollouts = new Command("rollout", "Stage a model over the fleet: canary, soak, next ring, stopped by evidence.");
        rollouts.Add(on.Watched(new Command("list", "Every rollout, newest first."), ["rollout"], async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<RolloutView[]>("rollouts", ct), "No rollout yet. Start one with 'cvops rollout start PLAN.yaml'.",
                ("id", view => view.Id), ("name", view => view.Plan.Name), ("model", view => $"{view.Model.Name} {view.Model.Version}"), ("state", view => $"{view.State}"),
                ("ring", view => $"{view.Ring + 1} of {view.Plan.Rings.Count}"), ("parts", view => $"{view.Evidence.Parts}"), ("because", view => view.Reason))));

        foreach (var command in RolloutPlanCommands.All(on, Show)) rollouts.Add(command);
        rollouts.Add(RolloutSimulateCommand.Create(on));
        rollouts.Add(RolloutDevicesCommand.Create(on));

        var id = new Argument<string>("id");
        rollouts.Add(on.Watched(new Command("show", "One rollout with its evidence; watched until it has ended.") { id }, ["rollout"], async (parsed, fleet, screen, ct) =>
        {
            var view = await fleet.Get<RolloutView>($"rollouts/{parsed.GetValue(id)}", ct);
            Show(screen, view);
            if (view.State is RolloutState.Completed or RolloutState.RolledBack or RolloutState.Aborted) screen.Over();
        }));
        foreach (var command in RolloutJudgeCommands.All(on)) rollouts.Add(command);

        foreach (var (name, text) in new[]
        {
            ("stop-all", "Emergency stop: every rollout pauses, and no device is told to take anything new until lift-stop."), ("lift-stop", "End the emergency stop; each rollout waits for its own resume."),
        })
        {
            var why = new Option<string>("--reason") { Description = "Why, for the audit log.", Required = true };
            rollouts.Add(on.On(new Command(name, text) { why }, async (parsed, fleet, screen, ct) =>
            {
                var stop = await fleet.Post<RolloutAction, EmergencyStop>($"rollouts/{name}", new RolloutAction(Environment.UserName, parsed.GetValue(why)!), ct);
                screen.One(stop, ("emergency stop", stop.On ? $"on since {stop.At:u} by {stop.By}: {stop.Reason}" : "off"), ("paused", string.Join(", ", stop.Paused)));
            }));
        }

        foreach (var (name, text) in new[]
        {
            ("release", "Let a draft start."), ("pause", "Hold: devices keep what they have."), ("resume", "Go on from where it was paused."),
            ("approve", "Let the ring change that waits for approval."), ("retry", "Have the ring's failed devices try once more."),
            ("abort", "End it here: devices keep what they have."), ("rollback", "Give every device it touched its previous model back."),
        })
        {
            var reason = new Option<string>("--reason") { Description = "Why, for the audit log.", Required = true };
            rollouts.Add(on.On(new Command(name, text) { id, reason }, async (parsed, fleet, screen, ct) =>
                Show(screen, await fleet.Post<RolloutAction, RolloutView>($"rollouts/{parsed.GetValue(id)}/{(name == "release" ? "start" : name)}", new RolloutAction(Environment.UserName, parsed.GetValue(reason)!), ct))));
        }
        return rollouts;
    }

    private static void Show(Screen screen, RolloutView view) => screen.One(view,
        ("rollout", $"{view.Plan.Name} ({view.Id}) of {view.Model.Name} {view.Model.Version}"),
        ("state", $"{view.State}: {view.Reason}"),
        ("ring", $"{view.Ring + 1} of {view.Plan.Rings.Count} ({view.Plan.Rings[Math.Min(view.Ring, view.Plan.Rings.Count - 1)].Name})"),
        ("devices", string.Join('\n', view.Devices.Select(device => $"{device.Device} ring {device.Ring + 1} {device.State}, {device.Parts} parts {device.Reason}"))),
        ("evidence", string.Create(CultureInfo.InvariantCulture,
            $"{view.Evidence.Parts} parts, {view.Evidence.Pairs} pairs, {view.Evidence.Discordant} discordant, {view.Evidence.Judged} judged (new right {view.Evidence.ChallengerRight}, old right {view.Evidence.ChampionRight})")),
        ("e-values", string.Create(CultureInfo.InvariantCulture,
            $"stop {view.Evidence.StopEvidence:0.##} of {view.Evidence.StopAt:0}, promote {view.Evidence.PromoteEvidence:0.##} of {view.Evidence.PromoteAt:0}, errors {view.Evidence.ErrorEvidence:0.##}")),
        ("history", string.Join('\n', view.History.Select(step => $"{step.At:u} {step.From} -> {step.To} by {step.By}: {step.Reason}"))));
}

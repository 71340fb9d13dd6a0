using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>When models are trained anew, and what it cost: <c>cvops retraining set</c>, <c>list</c>, <c>start</c>, <c>remove</c>, <c>ledger</c>.</summary>
internal static class RetrainingCommands
{
    public static Command All(FleetCommand on)
    {
        var retraining = new Command("retraining", "When models are trained anew by themselves, and the ledger of what it cost and brought.");
        var model = new Argument<string>("model") { Description = "Name of the model, without a version." };
        retraining.Add(on.Watched(new Command("list", "Every policy and what it waits for."), ["training", "frame", "drift"], async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<RetrainingView[]>("retraining/policies", ct), "No model is trained anew by itself: 'cvops retraining set MODEL --labels 60'.",
                ("model", view => view.Policy.Model), ("new labels", view => $"{view.NewLabels}"), ("pending", view => $"{view.Pending.Count}"), ("now", view => view.Says))));
        retraining.Add(Set(on, model));

        var why = new Option<string>("--reason") { Description = "Why, for the ledger.", Required = true };
        retraining.Add(on.On(new Command("start", "Train now: no cool-down, but there has to be a new label.") { model, why }, async (parsed, fleet, screen, ct) =>
            Show(screen, await fleet.Post<RetrainingRequest, RetrainingView>($"retraining/policies/{parsed.GetValue(model)}/start", new RetrainingRequest(Environment.UserName, parsed.GetValue(why)!), ct))));

        retraining.Add(on.Removal("remove", "Forget a policy and the evidence that waits; its ledger stays.", model, name => $"retraining/policies/{name}", name => $"Nothing trains {name} by itself any more."));

        retraining.Add(on.Watched(new Command("ledger", "Every training a policy began: why, its labels and their cost, the error it removed."), ["training"], async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<RetrainingEntry[]>("retraining", ct), "No policy has begun a training yet.",
                ("id", entry => entry.Id), ("model", entry => $"{entry.Model} {entry.Version}"), ("state", entry => $"{entry.State}"), ("labels", entry => $"{entry.NewLabels}"),
                ("s a label", entry => Number(entry.SecondsPerLabel)), ("cost", entry => Number(entry.Cost)), ("error", entry => $"{Number(entry.ErrorBefore)} -> {Number(entry.ErrorAfter)}"),
                ("why", entry => string.Join("; ", entry.Evidence.Select(evidence => evidence.Says))), ("rollout", entry => entry.Rollout ?? "-"))));
        return retraining;
    }

    private static Command Set(FleetCommand on, Argument<string> model)
    {
        var usual = new RetrainingPolicy { Model = "", By = "" };
        var labels = new Option<int?>("--labels") { Description = "So many labels since the last training start one." };
        var drift = new Option<bool>("--drift") { Description = "An alarm of drift starts one; --drift false for not.", DefaultValueFactory = _ => usual.Drift };
        var every = new Option<double?>("--every") { Description = "Hours from one training to the next." };
        var cooldown = new Option<double>("--cooldown") { Description = "Hours after a training in which only a person starts another.", DefaultValueFactory = _ => usual.CooldownHours };
        var least = new Option<int>("--least-labels") { Description = "With fewer new labels a trigger waits.", DefaultValueFactory = _ => usual.LeastLabels };
        var trainer = new Option<string>("--trainer") { Description = "head, torch, or one of the fleet's settings.", DefaultValueFactory = _ => usual.Trainer };
        var (set, parameters) = TrainerParameters.Options();
        var plan = new Option<FileInfo>("--plan") { Description = "YAML of a rollout's plan without 'model': drafted for a model that passes the gate." }.AcceptExistingOnly();
        var start = new Option<bool>("--start") { Description = "Let the drafted rollout loose at once." };
        var hour = new Option<double?>("--labelling-hour") { Description = "What an hour of labelling costs, for the ledger." };
        var off = new Option<bool>("--off") { Description = "Keep the policy, but let only people start a training." };
        return on.On(new Command("set", "Say when a model is trained anew.") { model, labels, drift, every, cooldown, least, trainer, set, parameters, plan, start, hour, off }, async (parsed, fleet, screen, ct) =>
        {
            var name = parsed.GetValue(model)!;
            var policy = new RetrainingPolicy
            {
                Model = name, By = Environment.UserName, Enabled = !parsed.GetValue(off), Labels = parsed.GetValue(labels), Drift = parsed.GetValue(drift), EveryHours = parsed.GetValue(every),
                CooldownHours = parsed.GetValue(cooldown), LeastLabels = parsed.GetValue(least), Start = parsed.GetValue(start), LabellingHour = parsed.GetValue(hour),
                Trainer = parsed.GetValue(trainer)!, Parameters = TrainerParameters.Read(parsed.GetValue(parameters), parsed.GetValue(set) ?? []),
                Plan = parsed.GetValue(plan) is { } file ? await File.ReadAllTextAsync(file.FullName, ct) : null,
            };
            Show(screen, await fleet.Put<RetrainingPolicy, RetrainingView>($"retraining/policies/{name}", policy, ct));
        });
    }

    private static void Show(Output.Screen screen, RetrainingView view) =>
        screen.One(view, ("model", view.Policy.Model), ("new labels", $"{view.NewLabels}"), ("pending", string.Join("; ", view.Pending.Select(evidence => evidence.Says)) is { Length: > 0 } pending ? pending : "-"), ("now", view.Says));

    private static string Number(double? value) => value?.ToString("0.###", CultureInfo.InvariantCulture) ?? "-";
}

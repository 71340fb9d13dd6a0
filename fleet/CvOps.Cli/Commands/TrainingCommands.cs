using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops training</c>: runs, searches, their logs and curves.</summary>
internal static class TrainingCommands
{
    public static Command Create(FleetCommand on)
    {
        var training = new Command("training", "Training runs and their promotion gates.");
        var search = new Option<string?>("--search") { Description = "The runs of this search." };
        var limit = new Option<int>("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };
        training.Add(on.Watched(new Command("list", "Every run, newest first.") { search, limit }, ["training"], async (parsed, fleet, screen, ct) =>
            screen.Table(await fleet.Get<TrainingRunView[]>($"training?limit={parsed.GetValue(limit)}{(parsed.GetValue(search) is { } id ? $"&search={Uri.EscapeDataString(id)}" : "")}", ct), "No run yet: 'cvops training start' retrains from a snapshot.", Columns)));
        training.Add(Start(on));
        training.Add(TrainingWait.Create(on));
        var run = new Argument<string>("run") { Description = "Its id, such as run-7." };
        training.Add(on.Watched(new Command("show", "One run: state, figures, where it ran; of a search its trials.") { run }, ["training"], async (parsed, fleet, screen, ct) =>
        {
            var view = await fleet.Get<TrainingRunView>($"training/{parsed.GetValue(run)}", ct);
            screen.One(view, [.. Fields(view)]);
            if (TrainingWait.IsOver(view)) screen.Over();
            if (view.Trials is { } trials && !parsed.GetValue(on.Json))
                screen.Table(trials, "No trial has begun.", ("trial", trial => trial.Run), ("state", trial => $"{trial.State}"), ("score", trial => trial.Score?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "-"), ("parameters", trial => Text(trial.Parameters)));
        }));
        var reason = new Option<string>("--reason") { Description = "Why, for the audit log.", DefaultValueFactory = _ => "" };
        training.Add(on.On(new Command("cancel", "Stop a run or a search that waits or trains; nothing of it is registered.") { run, reason }, async (parsed, fleet, screen, ct) =>
            screen.Table([await fleet.Post<TrainingCancellation, TrainingRunView>($"training/{parsed.GetValue(run)}/cancel", new TrainingCancellation(Environment.UserName, parsed.GetValue(reason)!), ct)], "", Columns)));
        training.Add(on.On(new Command("logs", "What the trainer said, on both its outputs.") { run }, async (parsed, fleet, _, ct) =>
        {
            await using var output = Console.OpenStandardOutput();
            await fleet.Download($"training/{parsed.GetValue(run)}/log", output, ct);
        }));
        var name = new Option<string?>("--name") { Description = "One metric alone." };
        training.Add(on.Watched(new Command("metrics", "What was measured, step by step.") { run, name }, ["training", "run"], async (parsed, fleet, screen, ct) =>
        {
            var metrics = new List<TrainingMetric>();
            for (var next = ""; next is not null;)
            {
                var page = await fleet.Get<TrainingMetricPage>($"training/{parsed.GetValue(run)}/metrics?{(parsed.GetValue(name) is { } only ? $"name={Uri.EscapeDataString(only)}&" : "")}{(next.Length > 0 ? $"after={Uri.EscapeDataString(next)}" : "")}", ct);
                metrics.AddRange(page.Metrics);
                next = page.Next;
            }
            screen.Table([.. metrics], "Nothing was measured yet.", ("metric", metric => metric.Name), ("step", metric => $"{metric.Step}"), ("value", metric => metric.Value.ToString("G6", CultureInfo.InvariantCulture)), ("at", metric => $"{metric.At:u}"));
        }));
        training.Add(on.On(new Command("trainers", "The trainers that this fleet has."), async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<string[]>("training/trainers", ct), "", ("trainer", trainer => trainer))));
        return training;
    }

    private static Command Start(FleetCommand on)
    {
        var dataset = new Option<string>("--dataset") { Description = $"The snapshot to train on. {SnapshotReference.Help}", Required = true };
        var parent = new Option<string>("--parent") { Description = $"The model that the run starts from: {ModelReference.Help}", Required = true };
        var version = new Option<string>("--new-version") { Description = "Version of the model that comes out.", Required = true };
        var l2 = new Option<double>("--l2") { Description = "Weight of the head's L2 penalty.", DefaultValueFactory = _ => 1e-3 };
        var seed = new Option<int>("--seed") { Description = "Of whatever the trainer draws.", DefaultValueFactory = _ => 1 };
        var trainer = new Option<string>("--trainer") { Description = "head, torch, or one of the fleet's settings.", DefaultValueFactory = _ => "head" };
        var (set, parameters) = TrainerParameters.Options();
        var budget = new Option<TimeSpan?>("--time") { Description = "Longest it may train, as hours:minutes:seconds." };
        var runs = new Option<int?>("--runs") { Description = "Of a search: runs at most." };
        var priority = new Option<int>("--priority") { Description = "Of the runs that wait the highest goes first.", DefaultValueFactory = _ => 0 };
        var search = new Option<FileInfo?>("--search") { Description = "A file with a JSON object: a hyper-parameter search, as fleet/TRAINERS.md has it." };
        var wait = new Option<bool>("--wait") { Description = "Stay until it has ended; exit code 1 when it did not pass the gate." };
        return on.On(new Command("start", "Train on a snapshot, and put the model through the gate.") { dataset, parent, version, l2, seed, trainer, set, parameters, budget, runs, priority, search, wait }, async (parsed, fleet, screen, ct) =>
        {
            var snapshot = await SnapshotReference.Digest(fleet, parsed.GetValue(dataset)!, ct);
            var model = ModelReference.Find(await fleet.Get<ModelView[]>("models", ct), parsed.GetValue(parent)!).Model.Digest;
            var request = new TrainingRequest(snapshot, model, parsed.GetValue(version)!, Environment.UserName, parsed.GetValue(l2), parsed.GetValue(seed))
            {
                Trainer = parsed.GetValue(trainer)!, Priority = parsed.GetValue(priority),
                Parameters = TrainerParameters.Read(parsed.GetValue(parameters), parsed.GetValue(set) ?? []),
                Budget = (parsed.GetValue(budget), parsed.GetValue(runs)) is (null, null) ? null : new TrainingBudget(parsed.GetValue(budget), parsed.GetValue(runs)),
                Search = parsed.GetValue(search) is { } file ? TrainerParameters.Parse(file, bytes => JsonSerializer.Deserialize(bytes, ContractsJson.Default.TrainingSearch)) : null,
            };
            var run = await fleet.Post<TrainingRequest, TrainingRunView>("training", request, ct);
            screen.Table([parsed.GetValue(wait) ? run = await TrainingWait.ForAsync(fleet, run, ct) : run], "", Columns);
            if (parsed.GetValue(wait)) TrainingWait.Judge(run);
        });
    }

    private static IEnumerable<(string, string?)> Fields(TrainingRunView run)
    {
        yield return ("run", run.Id);
        yield return ("state", $"{run.State}");
        yield return ("because", run.Reason);
        yield return ("trainer", run.Request.Trainer);
        yield return ("parameters", Text(run.Request.Parameters ?? new Dictionary<string, JsonElement>()));
        yield return ("dataset", run.Request.Dataset);
        yield return ("parent", run.Request.Parent);
        yield return ("seed", $"{run.Request.Seed}");
        yield return ("attempts", $"{run.Attempts}");
        yield return ("trained for", $"{run.Spent:g}");
        yield return ("model", run.Model);
        foreach (var (name, value) in run.Metrics.OrderBy(metric => metric.Key, StringComparer.Ordinal)) yield return (name, value.ToString("G6", CultureInfo.InvariantCulture));
        foreach (var (name, value) in run.Environment ?? new Dictionary<string, string>()) yield return (name, value);
    }

    private static string Text(IReadOnlyDictionary<string, JsonElement> parameters) => string.Join(' ', parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value.GetRawText()}"));

    private static readonly (string, Func<TrainingRunView, string>)[] Columns =
    [
        ("id", run => run.Id), ("version", run => run.Request.Version), ("trainer", run => run.Request.Trainer), ("state", run => $"{run.State}"), ("because", run => run.Reason),
        ("accuracy", run => run.Gate is { } gate ? string.Create(CultureInfo.InvariantCulture, $"{gate.ChampionAccuracy:0.000} -> {gate.ChallengerAccuracy:0.000}") : "-"),
        ("model", run => run.Model?[..12] ?? "-"),
    ];
}

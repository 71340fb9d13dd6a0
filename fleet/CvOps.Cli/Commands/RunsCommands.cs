using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>What was tried and what came of it: <c>cvops runs list</c>, <c>show</c>, <c>compare</c>.</summary>
internal static class RunsCommands
{
    /// <summary>Parameters and metrics that a row of the list has room for.</summary>
    private const int Named = 4;

    public static Command All(FleetCommand on)
    {
        var runs = new Command("runs", "Training runs, and what MLflow clients logged.");
        var filter = new Option<string?>("--filter") { Description = "Such as \"metrics.accuracy > 0.9 and params.seed = '7' and tags.line LIKE 'press-%'\"." };
        var order = new Option<string?>("--order") { Description = "Such as \"metrics.accuracy DESC\"; without it the newest come first." };
        var experiment = new Option<string?>("--experiment") { Description = "Id of an experiment; CvOps' own training runs are 1." };
        var after = new Option<string?>("--after") { Description = "Cursor of the page before." };
        var limit = new Option<int>("--limit") { Description = "Runs of a page, 1 to 1000.", DefaultValueFactory = _ => 50 };
        runs.Add(on.Watched(new Command("list", "Every run, newest first.") { filter, order, experiment, after, limit }, ["run"], async (parsed, fleet, screen, ct) =>
        {
            string?[] asked = [parsed.GetValue(filter), parsed.GetValue(order), parsed.GetValue(experiment), parsed.GetValue(after)];
            var query = string.Concat(asked.Zip(["filter", "order", "experiment", "after"], (value, name) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}"));
            var page = await fleet.Get<TrackedRunPage>(string.Create(CultureInfo.InvariantCulture, $"runs?limit={parsed.GetValue(limit)}{query}"), ct);
            screen.Page(page, page.Runs, "No run: 'cvops training start' makes one, and any MLflow client with MLFLOW_TRACKING_URI set to the fleet's address.",
                ("id", run => run.Id), ("name", run => run.Name), ("experiment", run => run.ExperimentName), ("state", run => $"{run.Status}"),
                ("metrics", run => string.Join(' ', run.Metrics.Take(Named).Select(pair => $"{pair.Key} {Number(pair.Value.Value)}"))),
                ("parameters", run => string.Join(' ', run.Params.Take(Named).Select(pair => $"{pair.Key} {pair.Value}"))), ("started", run => $"{run.StartedAt:u}"));
            if (page.Next is { } next) screen.Line($"There are more: --after {next}");
        }));

        var id = new Argument<string>("run");
        runs.Add(on.On(new Command("show", "One run: what it stood on, parameters, last metrics, files.") { id }, async (parsed, fleet, screen, ct) =>
        {
            var detail = await fleet.Get<TrackedRunDetail>($"runs/{Uri.EscapeDataString(parsed.GetValue(id)!)}", ct);
            var run = detail.Run;
            screen.One(detail,
                ("run", run.Id), ("name", run.Name), ("experiment", $"{run.ExperimentName} ({run.Experiment})"), ("state", $"{run.Status}"), ("by", run.By),
                ("started", $"{run.StartedAt:u}"), ("ended", run.EndedAt is { } ended ? $"{ended:u}" : null),
                ("datasets", Lines(run.Datasets.Select(set => $"{set.Name} {set.Digest}{(set.Context is { } use ? $" ({use})" : "")}"))),
                ("parameters", Lines(run.Params.Select(pair => $"{pair.Key} = {pair.Value}"))),
                ("metrics", Lines(run.Metrics.Select(pair => $"{pair.Key} = {Number(pair.Value.Value)} at step {pair.Value.Step}"))),
                ("tags", Lines(run.Tags.Select(pair => $"{pair.Key} = {pair.Value}"))),
                ("files", Lines(detail.Artefacts.Select(file => $"{file.Path}, {file.Bytes} bytes, {file.Digest}"))));
        }));

        var ids = new Argument<string[]>("runs") { Description = "1 to 8 ids.", Arity = ArgumentArity.OneOrMore };
        var all = new Option<bool>("--all") { Description = "Also what is the same in all of them." };
        runs.Add(on.On(new Command("compare", "Runs side by side: what differs in what they stood on, their parameters and metrics.") { ids, all }, async (parsed, fleet, screen, ct) =>
        {
            var comparison = await fleet.Get<RunComparison>($"runs/compare?{string.Join('&', parsed.GetValue(ids)!.Select(run => $"run={Uri.EscapeDataString(run)}"))}", ct);
            var rows = comparison.Facts.Concat(comparison.Params).Concat(comparison.Metrics).Where(row => row.Differs || parsed.GetValue(all) || comparison.Runs.Count == 1).ToArray();
            screen.Page(comparison, rows, "The runs are alike in everything that was logged; --all shows it.",
            [
                ("", row => row.Differs ? "*" : ""), ("what", row => row.Name),
                .. comparison.Runs.Select((run, place) => ((string, Func<ComparedValue, string>))(run.Name, row => row.Values[place] ?? "-")),
            ]);
        }));
        return runs;
    }

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    private static string? Lines(IEnumerable<string> lines) => string.Join('\n', lines) is { Length: > 0 } text ? text : null;
}

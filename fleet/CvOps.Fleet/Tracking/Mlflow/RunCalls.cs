using CvOps.Contracts.Api;
using CvOps.Fleet.Tracking.Search;

namespace CvOps.Fleet.Tracking.Mlflow;

/// <summary>MLflow's calls about runs.</summary>
internal sealed class RunCalls(Runs runs, Experiments experiments, Artefacts artefacts)
{
    private const int IdLength = ExperimentCalls.IdLength;

    public void Map(MlflowRoutes routes)
    {
        routes.Post("runs/create", CreateAsync);
        routes.Get("runs/get", async (call, cancel) =>
        {
            var run = await runs.GetAsync(Id(call), cancel);
            return new RunAnswer(MlflowForm.Of(run, await LocationAsync(run, cancel)));
        });
        routes.Post("runs/update", UpdateAsync);
        routes.Post("runs/delete", (call, cancel) => ExperimentCalls.Done(runs.SetDeletedAsync(Id(call), true, cancel)));
        routes.Post("runs/restore", (call, cancel) => ExperimentCalls.Done(runs.SetDeletedAsync(Id(call), false, cancel)));
        routes.Post("runs/log-metric", (call, cancel) => LogAsync(call, new RunBatch([Metric(call)], [], []), cancel));
        routes.Post("runs/log-parameter", (call, cancel) => LogAsync(call, new RunBatch([], [call.Pair(TrackingLimits.ParamValue)], []), cancel));
        routes.Post("runs/set-tag", (call, cancel) => LogAsync(call, new RunBatch([], [], [call.Pair(TrackingLimits.TagValue)]), cancel));
        routes.Post("runs/delete-tag", (call, cancel) => ExperimentCalls.Done(runs.DeleteTagAsync(Id(call), call.Key("key"), cancel)));
        routes.Post("runs/log-batch", (call, cancel) => LogAsync(call, new RunBatch(
            [.. call.Objects("metrics", TrackingLimits.MetricsPerBatch).Select(Metric)], call.Pairs("params", TrackingLimits.ParamsPerBatch, TrackingLimits.ParamValue),
            call.Pairs("tags", TrackingLimits.TagsPerBatch, TrackingLimits.TagValue)), cancel));
        routes.Post("runs/log-inputs", (call, cancel) => ExperimentCalls.Done(runs.AddInputsAsync(Id(call), [.. call.Objects("datasets", TrackingLimits.DatasetsPerBatch).Select(Dataset)], cancel)));
        routes.Post("runs/log-model", LogModelAsync);
        routes.Post("runs/search", SearchAsync);
        routes.Get("metrics/get-history", HistoryAsync);
        routes.Get("artifacts/list", ListAsync);
    }

    private async Task<object> CreateAsync(MlflowCall call, CancellationToken cancel)
    {
        var tags = call.Pairs("tags", TrackingLimits.TagsPerBatch, TrackingLimits.TagValue);
        var by = call.Text("user_id", TrackingLimits.Key) is { Length: > 0 } user ? user : tags.FirstOrDefault(tag => tag.Key == "mlflow.user").Value ?? call.By;
        var run = await runs.CreateAsync(new NewRun(
            call.Text(ExperimentCalls.IdField, IdLength) ?? "0", call.Text("run_name", TrackingLimits.Name) is { Length: > 0 } name ? name : null, by, call.Time("start_time") ?? runs.Now, tags), cancel);
        return new RunAnswer(MlflowForm.Of(run, await LocationAsync(run, cancel)));
    }

    private async Task<object> UpdateAsync(MlflowCall call, CancellationToken cancel)
    {
        var status = call.Word("status", ("RUNNING", RunStatus.Running), ("SCHEDULED", RunStatus.Scheduled), ("FINISHED", RunStatus.Finished), ("FAILED", RunStatus.Failed), ("KILLED", RunStatus.Killed));
        var run = await runs.UpdateAsync(Id(call), new RunChange(status, call.Time("end_time"), call.Text("run_name", TrackingLimits.Name) is { Length: > 0 } name ? name : null), cancel);
        return new RunInfoAnswer(MlflowForm.InfoOf(run, await LocationAsync(run, cancel)));
    }

    private async Task<object> LogAsync(MlflowCall call, RunBatch batch, CancellationToken cancel)
    {
        await runs.LogAsync(Id(call), batch, cancel);
        return new Nothing();
    }

    /// <summary>What <c>log_model</c> tells of the models among a run's artefacts: a list in one tag, as MLflow's own server keeps it.</summary>
    private async Task<object> LogModelAsync(MlflowCall call, CancellationToken cancel)
    {
        const string tag = "mlflow.log-model.history";
        var (id, model) = (Id(call), call.Required("model_json", 64 * 1024));
        var run = await runs.GetAsync(id, cancel);
        var history = run.Tags.TryGetValue(tag, out var known) && known is ['[', _, ..] ? $"{known[..^1]}, {model}]" : $"[{model}]";
        if (history.Length > TrackingLimits.TagValue) history = model.Length + 2 <= TrackingLimits.TagValue ? $"[{model}]" : "[]";
        return await LogAsync(call, new RunBatch([], [], [new KeyText(tag, history)]), cancel);
    }

    private async Task<object> SearchAsync(MlflowCall call, CancellationToken cancel)
    {
        var (found, next) = await runs.SearchAsync(
            call.Texts("experiment_ids", TrackingLimits.Page, IdLength), call.Text("filter", TrackingLimits.Filter), call.Texts("order_by", TrackingLimits.Terms, TrackingLimits.Filter),
            ExperimentCalls.View(call, "run_view_type"), call.Limit(TrackingLimits.Page), call.Text("page_token", 100), cancel);
        var locations = new Dictionary<string, string>();
        foreach (var run in found.DistinctBy(run => run.Experiment)) locations[run.Experiment] = await LocationAsync(run, cancel);
        return new RunsAnswer([.. found.Select(run => MlflowForm.Of(run, locations[run.Experiment]))], next);
    }

    private async Task<object> HistoryAsync(MlflowCall call, CancellationToken cancel)
    {
        var (key, offset) = (call.Required("metric_key", TrackingLimits.Key), PageToken.Read(call.Text("page_token", 100)));
        // Without a limit the client reads one answer and asks for no other.
        if (call.Integer("max_results", 1, TrackingLimits.PageAsked) is not { } limit) return Answer(await runs.HistoryAsync(Id(call), key, offset, null, cancel), null);
        var (points, next) = PageToken.Cut(await runs.HistoryAsync(Id(call), key, offset, (int)limit + 1, cancel), offset, (int)limit);
        return Answer(points, next);

        MetricsAnswer Answer(IReadOnlyList<MetricPoint> values, string? token) => new([.. values.Select(point => MlflowForm.Of(key, point))], token);
    }

    private async Task<object> ListAsync(MlflowCall call, CancellationToken cancel)
    {
        var run = await runs.GetAsync(Id(call), cancel);
        var path = ArtefactPath.Inside(call.Text("path", TrackingLimits.Address));
        var files = await artefacts.ListAsync(new ArtefactPath(false, run.Id, path), cancel);
        return new FilesAnswer(ArtefactPath.UriOf(await LocationAsync(run, cancel), run.Id), [.. files.Select(file => new MlflowFile(path.Length == 0 ? file.Path : $"{path}/{file.Path}", file.Bytes is null, file.Bytes))]);
    }

    private async Task<string> LocationAsync(TrackedRun run, CancellationToken cancel) => (await experiments.GetAsync(run.Experiment, cancel)).Location;

    /// <summary>The id under its name, or under the one it had before MLflow 1.0; clients send both.</summary>
    private static string Id(MlflowCall call) => call.Text("run_id", IdLength) is { Length: > 0 } id ? id : call.Text("run_uuid", IdLength) is { Length: > 0 } old ? old : call.Required("run_id", IdLength);

    private static LoggedMetric Metric(MlflowCall call) =>
        new(call.Key("key"), call.Integer("step", long.MinValue, long.MaxValue) ?? 0, call.Time("timestamp") ?? throw TrackingException.Invalid("A metric needs its 'timestamp' in milliseconds."), call.Number("value"));

    private static RunDataset Dataset(MlflowCall call)
    {
        var set = call.Object("dataset");
        return new RunDataset(
            set.Required("name", TrackingLimits.Name), set.Required("digest", TrackingLimits.Key), set.Required("source_type", TrackingLimits.Key), set.Required("source", TrackingLimits.DatasetText),
            set.Text("schema", TrackingLimits.DatasetText), set.Text("profile", TrackingLimits.DatasetProfile),
            call.Pairs("tags", TrackingLimits.TagsPerBatch, TrackingLimits.Name).FirstOrDefault(tag => tag.Key == MlflowForm.DatasetContext).Value);
    }
}

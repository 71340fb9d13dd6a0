namespace CvOps.Fleet.Tracking.Mlflow;

/// <summary>MLflow's calls about experiments.</summary>
internal sealed class ExperimentCalls(Experiments experiments)
{
    public const string IdField = "experiment_id";

    /// <summary>Longest id that a client may name; ours are shorter.</summary>
    public const int IdLength = 256;

    public void Map(MlflowRoutes routes)
    {
        routes.Post("experiments/create", async (call, cancel) => new ExperimentCreated(
            await experiments.CreateAsync(Name(call, "name"), call.Text("artifact_location", TrackingLimits.Address) is { Length: > 0 } location ? location : null, call.Pairs("tags", TrackingLimits.TagsPerBatch, TrackingLimits.TagValue), cancel)));
        routes.Get("experiments/get", async (call, cancel) => new ExperimentAnswer(MlflowForm.Of(await experiments.GetAsync(Id(call), cancel))));
        routes.Get("experiments/get-by-name", async (call, cancel) =>
            new ExperimentAnswer(MlflowForm.Of(await experiments.GetByNameAsync(call.Required("experiment_name", TrackingLimits.Name), cancel))));
        routes.Get("experiments/search", SearchAsync);
        routes.Post("experiments/search", SearchAsync);
        // The name of the search before MLflow 1.28; older clients still ask for it.
        routes.Get("experiments/list", SearchAsync);
        routes.Post("experiments/update", (call, cancel) => Done(experiments.RenameAsync(Id(call), Name(call, "new_name"), cancel)));
        routes.Post("experiments/delete", (call, cancel) => Done(experiments.SetDeletedAsync(Id(call), true, cancel)));
        routes.Post("experiments/restore", (call, cancel) => Done(experiments.SetDeletedAsync(Id(call), false, cancel)));
        routes.Post("experiments/set-experiment-tag", (call, cancel) => Done(experiments.SetTagAsync(Id(call), call.Pair(TrackingLimits.TagValue), cancel)));
    }

    /// <summary>The empty answer, once the work is done.</summary>
    public static async Task<object> Done(Task work)
    {
        await work;
        return new Nothing();
    }

    public static SearchView View(MlflowCall call, string name) =>
        call.Word(name, ("ACTIVE_ONLY", SearchView.Active), ("DELETED_ONLY", SearchView.Deleted), ("ALL", SearchView.All)) ?? SearchView.Active;

    private static string Name(MlflowCall call, string field)
    {
        var name = call.Required(field, TrackingLimits.Name);
        return name.Any(char.IsControl) || string.IsNullOrWhiteSpace(name) ? throw TrackingException.Invalid($"'{field}' is a name: not blank, without control characters.") : name;
    }

    private static string Id(MlflowCall call) => call.Required(IdField, IdLength);

    private async Task<object> SearchAsync(MlflowCall call, CancellationToken cancel)
    {
        var (found, next) = await experiments.SearchAsync(
            call.Text("filter", TrackingLimits.Filter), call.Texts("order_by", TrackingLimits.Terms, TrackingLimits.Filter), View(call, "view_type"), call.Limit(TrackingLimits.Page), call.Text("page_token", 100), cancel);
        return new ExperimentsAnswer([.. found.Select(MlflowForm.Of)], next);
    }
}

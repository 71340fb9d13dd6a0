using CvOps.Fleet.Tracking.Registry;

namespace CvOps.Fleet.Tracking.Mlflow;

/// <summary>MLflow's calls about registered models and their aliases.</summary>
internal sealed class RegistryCalls(RegisteredModels models, ModelVersions versions, RegistryAliases aliases)
{
    /// <summary>As MLflow's server has it.</summary>
    private const int PageOtherwise = 100;

    public void Map(MlflowRoutes routes)
    {
        routes.Post("registered-models/create", async (call, cancel) => new RegisteredModelAnswer(MlflowForm.Of(
            await models.CreateAsync(NewName(call, "name"), Description(call), call.Pairs("tags", TrackingLimits.TagsPerBatch, TrackingLimits.TagValue), cancel))));
        routes.Get("registered-models/get", async (call, cancel) => new RegisteredModelAnswer(MlflowForm.Of(await models.GetAsync(Name(call), cancel))));
        routes.Get("registered-models/search", SearchAsync);
        routes.Post("registered-models/rename", async (call, cancel) => new RegisteredModelAnswer(MlflowForm.Of(await models.RenameAsync(Name(call), NewName(call, "new_name"), cancel))));
        routes.Patch("registered-models/update", async (call, cancel) => new RegisteredModelAnswer(MlflowForm.Of(await models.DescribeAsync(Name(call), Description(call), cancel))));
        routes.Delete("registered-models/delete", (call, cancel) => ExperimentCalls.Done(models.DeleteAsync(Name(call), cancel)));
        routes.Post("registered-models/set-tag", (call, cancel) => ExperimentCalls.Done(models.SetTagAsync(Name(call), call.Pair(TrackingLimits.TagValue), cancel)));
        routes.Delete("registered-models/delete-tag", (call, cancel) => ExperimentCalls.Done(models.DeleteTagAsync(Name(call), call.Key("key"), cancel)));
        routes.Get("registered-models/get-latest-versions", LatestAsync);
        routes.Post("registered-models/get-latest-versions", LatestAsync);
        routes.Get("registered-models/alias", async (call, cancel) => new ModelVersionAnswer(MlflowForm.Of(await versions.ByAliasAsync(Name(call), Alias(call), cancel))));
        routes.Post("registered-models/alias", (call, cancel) => ExperimentCalls.Done(aliases.SetAsync(Name(call), Alias(call), VersionCalls.Version(call), call.By, cancel)));
        routes.Delete("registered-models/alias", (call, cancel) => ExperimentCalls.Done(aliases.DeleteAsync(Name(call), Alias(call), call.By, cancel)));
    }

    public static string Name(MlflowCall call) => call.Required("name", TrackingLimits.ModelName);

    public static string Description(MlflowCall call) => call.Text("description", TrackingLimits.Description) ?? "";

    private static string Alias(MlflowCall call) => call.Required("alias", TrackingLimits.ModelName);

    private static string NewName(MlflowCall call, string field)
    {
        var name = call.Required(field, TrackingLimits.ModelName);
        return string.IsNullOrWhiteSpace(name) || name.AsSpan().ContainsAny("/:@") || name.Any(char.IsControl)
            ? throw TrackingException.Invalid($"'{name}' cannot be the name of a model: not blank, without '/', ':', '@' and control characters.")
            : name;
    }

    private async Task<object> SearchAsync(MlflowCall call, CancellationToken cancel)
    {
        var (found, next) = await models.SearchAsync(
            call.Text("filter", TrackingLimits.Filter), call.Texts("order_by", TrackingLimits.Terms, TrackingLimits.Filter), call.Limit(PageOtherwise), call.Text("page_token", 100), cancel);
        return new RegisteredModelsAnswer([.. found.Select(MlflowForm.Of)], next);
    }

    /// <summary>The newest version; here versions have no stages, so all of them are in the stage None.</summary>
    private async Task<object> LatestAsync(MlflowCall call, CancellationToken cancel)
    {
        var stages = call.Texts("stages", TrackingLimits.Terms, TrackingLimits.Key);
        var found = await versions.LatestAsync(Name(call), cancel);
        return new ModelVersionsAnswer(stages.Count == 0 || stages.Contains("None", StringComparer.OrdinalIgnoreCase) ? [.. found.Select(MlflowForm.Of)] : [], null);
    }
}

using CvOps.Fleet.Tracking.Registry;

namespace CvOps.Fleet.Tracking.Mlflow;

/// <summary>MLflow's calls about versions of registered models.</summary>
internal sealed class VersionCalls(ModelVersions versions)
{
    public void Map(MlflowRoutes routes)
    {
        routes.Post("model-versions/create", async (call, cancel) => new ModelVersionAnswer(MlflowForm.Of(await versions.CreateAsync(
            new NewVersion(
                Name(call), call.Required("source", TrackingLimits.Address), call.Text("run_id", ExperimentCalls.IdLength) ?? "", call.Text("run_link", TrackingLimits.Address) ?? "",
                RegistryCalls.Description(call), call.By, call.Pairs("tags", TrackingLimits.TagsPerBatch, TrackingLimits.TagValue)), cancel))));
        routes.Get("model-versions/get", async (call, cancel) => new ModelVersionAnswer(MlflowForm.Of(await versions.GetAsync(Name(call), Version(call), cancel))));
        routes.Get("model-versions/get-download-uri", async (call, cancel) => new ArtifactUriAnswer((await versions.GetAsync(Name(call), Version(call), cancel)).Source));
        routes.Get("model-versions/search", SearchAsync);
        routes.Patch("model-versions/update", async (call, cancel) =>
            new ModelVersionAnswer(MlflowForm.Of(await versions.DescribeAsync(Name(call), Version(call), RegistryCalls.Description(call), cancel))));
        routes.Delete("model-versions/delete", (call, cancel) => ExperimentCalls.Done(versions.DeleteAsync(Name(call), Version(call), cancel)));
        routes.Post("model-versions/set-tag", (call, cancel) => ExperimentCalls.Done(versions.SetTagAsync(Name(call), Version(call), call.Pair(TrackingLimits.TagValue), cancel)));
        routes.Delete("model-versions/delete-tag", (call, cancel) => ExperimentCalls.Done(versions.DeleteTagAsync(Name(call), Version(call), call.Key("key"), cancel)));
        routes.Post("model-versions/transition-stage", (_, _) => throw TrackingException.Invalid("Versions have no stages here: point an alias to one, as MLflow has advised since 2.9."));
    }

    public static string Version(MlflowCall call) => call.Required("version", TrackingLimits.Key);

    private static string Name(MlflowCall call) => RegistryCalls.Name(call);

    private async Task<object> SearchAsync(MlflowCall call, CancellationToken cancel)
    {
        var (found, next) = await versions.SearchAsync(
            call.Text("filter", TrackingLimits.Filter), call.Texts("order_by", TrackingLimits.Terms, TrackingLimits.Filter), call.Limit(TrackingLimits.Page), call.Text("page_token", 100), cancel);
        return new ModelVersionsAnswer([.. found.Select(MlflowForm.Of)], next);
    }
}

namespace CvOps.Fleet.Tracking.Mlflow;

/// <summary>The part of MLflow's REST API that its clients use for tracking and the registry.</summary>
internal static class MlflowEndpoints
{
    public const string Root = "/api/2.0/mlflow";
    public const string ArtefactRoot = "/api/2.0/mlflow-artifacts";

    public static void AddMlflow(this IServiceCollection services) =>
        services.AddSingleton<ExperimentCalls>().AddSingleton<RunCalls>().AddSingleton<RegistryCalls>().AddSingleton<VersionCalls>();

    public static void MapMlflow(this WebApplication app)
    {
        var routes = new MlflowRoutes(app.MapGroup(Root));
        app.Services.GetRequiredService<ExperimentCalls>().Map(routes);
        app.Services.GetRequiredService<RunCalls>().Map(routes);
        app.Services.GetRequiredService<RegistryCalls>().Map(routes);
        app.Services.GetRequiredService<VersionCalls>().Map(routes);
        app.MapGroup(ArtefactRoot).MapArtefacts();
        foreach (var root in (ReadOnlySpan<string>)["/api/2.0", "/api/3.0", "/ajax-api"])
            app.MapFallback($"{root}/{{**path}}", UnknownAsync);
    }

    // As a RequestDelegate: what is compiled ahead for other handlers forgets a fallback's pattern.
    private static Task UnknownAsync(HttpContext http) => MlflowRoutes.Refused(new TrackingException(TrackingError.EndpointNotFound,
        $"This fleet does not answer {http.Request.Method} {http.Request.Path}: of MLflow's API it has experiments, runs, metrics, artefacts and the model registry.")).ExecuteAsync(http);
}

using CvOps.Fleet.Tracking.Mlflow;
using CvOps.Fleet.Tracking.Registry;

namespace CvOps.Fleet.Tracking;

internal static class TrackingServices
{
    public static void AddTracking(this IServiceCollection services)
    {
        services.AddSingleton<Experiments>().AddSingleton<Runs>().AddSingleton<Artefacts>().AddSingleton<RunViews>();
        services.AddSingleton<RegisteredModels>().AddSingleton<ModelVersions>().AddSingleton<RegistryAliases>();
        services.AddMlflow();
        services.AddHostedService<TrackingStart>();
    }
}

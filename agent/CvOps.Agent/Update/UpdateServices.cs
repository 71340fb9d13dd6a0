using CvOps.Agent.Actuation;
using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Inference;
using CvOps.Agent.Update.Fetch;
using CvOps.Agent.Update.Import;
using CvOps.Agent.Update.Maintenance;
using CvOps.Agent.Update.Preflight;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update;

internal static class UpdateServices
{
    /// <summary>Registered before inference and cameras: its start puts the committed model in charge, and hosted services start in order.</summary>
    public static IServiceCollection AddUpdate(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton<Setting<UpdateOptions>>(options.Update).AddSingleton(options.Model)
        .AddSingleton(_ => new ModelFolder(options.Data))
        .AddSingleton(_ => UpdateJournal.Open(Path.Combine(options.Data, "update.json")))
        .AddSingleton<ModelLoader>()
        .AddSingleton<ModelStart>()
        .AddFetch(options)
        .AddSingleton<SoakMeter>()
        .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<SoakMeter>())
        .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<ShadowTally>())
        .AddHostedService(provider =>
        {
            var loader = provider.GetRequiredService<ModelLoader>();
            return new EngineBuildLoop(
                provider.GetRequiredService<ModelSlots>(), model => options.Inference.TensorRtIn(options.Data) is not null && model.Session.Provider == "CUDA",
                model => loader.BuildEngine(model.Ref), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<EngineBuildLoop>>());
        })
        .AddSingleton(provider =>
        {
            // Cameras know the inference that this belongs to: they are asked for when there is something to ask.
            var cameras = new Lazy<CameraSet>(provider.GetRequiredService<CameraSet>);
            return new DevicePreflight(provider.GetRequiredService<ModelFolder>(), options.Inference,
                () => [.. cameras.Value.Select(camera => camera.Reported).Select(camera => new CameraSize(camera.Camera.Value, camera.Width, camera.Height))]);
        })
        .AddSingleton(provider => new LineSignal(options.Update.WhenIdle, GpioChips.Open, provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<MaintenanceGate>()
        .AddSingleton<UpdateWish>().AddSingleton<UpdateStatus>().AddSingleton<ShadowTrial>().AddSingleton<ShadowTally>().AddSingleton<ShadowStay>().AddSingleton<UpdateSteps>().AddSingleton<UpdateLoop>()
        .AddHostedService(provider => provider.GetRequiredService<UpdateLoop>())
        .AddSingleton(_ => new ImportFolder(options.Data)).AddHostedService<ImportLoop>();
}

using CvOps.Fleet.Tracking.Registry;

namespace CvOps.Fleet.Tracking;

/// <summary>Before the fleet answers: the experiments that are always there, and packages from before there was a registry of them here.</summary>
internal sealed class TrackingStart(Experiments experiments, RegisteredModels models) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await experiments.EnsureAsync(cancellationToken);
        await models.AdoptAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

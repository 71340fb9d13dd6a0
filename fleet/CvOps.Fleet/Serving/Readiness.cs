using CvOps.Fleet.Devices.Twins;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Serving;

/// <summary>
/// Whether requests belong here: not before the twins are in memory, not once the fleet was told to stop. Broker and database are no part of it: while they are away all fleets would be
/// taken off at once, and their pages say more than an error of the balancer's.
/// </summary>
internal sealed class Readiness(TwinStore twins, IHostApplicationLifetime lifetime, IOptions<FleetOptions> options, TimeProvider time) : IHostedLifecycleService
{
    public const string LivePath = "/healthz";
    public const string ReadyPath = "/readyz";

    /// <returns>Why not; null when it is ready.</returns>
    public string? Missing => lifetime.ApplicationStopping.IsCancellationRequested ? "stopping"
        : !lifetime.ApplicationStarted.IsCancellationRequested ? "starting"
        : twins.Loaded.IsFaulted ? "the devices could not be read"
        : !twins.Loaded.IsCompleted ? "the devices are being read"
        : null;

    /// <summary>Goes on answering, that it is not ready above all, until whoever sends requests has heard of it.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) =>
        options.Value.DrainDelay > TimeSpan.Zero ? Task.Delay(options.Value.DrainDelay, time, cancellationToken) : Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using CvOps.Agent.Link;
using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Update;

/// <summary>Carries each newer desired twin from the link to the update.</summary>
internal sealed class DesiredLoop(FleetInbox inbox, UpdateLoop update) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            for (var version = 0L; ;)
            {
                var desired = await inbox.NextDesiredAsync(version, stoppingToken);
                version = desired.Version;
                update.Want(desired);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }
}

using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Link;
using CvOps.Agent.Programs;
using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Update;

/// <summary>Carries each newer desired twin from the link to those who bring it about.</summary>
internal sealed class DesiredLoop(FleetInbox inbox, UpdateLoop update, ConfigurationLoop configuration, ProgramLoop program) : BackgroundService
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
                configuration.Want(desired);
                program.Want(desired);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }
}

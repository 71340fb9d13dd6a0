using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Link;

/// <summary>Keeps the link connected for as long as the agent runs.</summary>
internal sealed class LinkLoop(IFleetLink link) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => link.RunAsync(stoppingToken);
}

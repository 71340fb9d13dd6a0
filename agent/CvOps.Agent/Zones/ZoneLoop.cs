using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Zones;

/// <summary>The clock of <see cref="ZoneSink"/>.</summary>
internal sealed class ZoneLoop(ZoneSink zones, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(TickEvery, time);
        try
        {
            while (await ticks.WaitForNextTickAsync(stoppingToken)) zones.Tick();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }
}

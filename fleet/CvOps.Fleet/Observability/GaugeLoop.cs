using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Observability;

/// <summary>Reads the gauges for the export, as a scrape does for Prometheus: the meter's own callbacks cannot wait for a database.</summary>
internal sealed class GaugeLoop(FleetPage page, IOptions<FleetOptions> options, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.OtlpInterval, time);
        try
        {
            do await page.TakeAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }
}

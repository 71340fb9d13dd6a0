using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Drift;

/// <summary>The clock of <see cref="DriftWindows"/>.</summary>
internal sealed class DriftLoop(DriftWindows windows, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(TickEvery, time);
        try
        {
            while (await ticks.WaitForNextTickAsync(stoppingToken)) windows.Tick();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }
}

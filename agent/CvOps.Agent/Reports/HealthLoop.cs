using CvOps.Agent.Health;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Reports;

/// <summary>Sends the device's health every few seconds.</summary>
internal sealed class HealthLoop(DeviceVitals vitals, SpoolLog spool, Topics topics, HealthOptions options, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        try
        {
            do
            {
                spool.Append(topics.Health, vitals.Take(), ContractsJson.Default.DeviceHealth);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }
}

using CvOps.Agent.Capture;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Link;
using CvOps.Agent.Programs;
using CvOps.Agent.Spool;
using CvOps.Agent.Update;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Reports;

/// <summary>Says what the device is whenever that changes: each step of an update, of a change of configuration or of the program, and a camera whose pictures turn out to have a size.</summary>
internal sealed class TwinReporter(UpdateLoop update, ConfigurationLoop configuration, ProgramLoop program, IEnumerable<CameraLoop> cameras, SpoolLog spool, IFleetLink link, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan CameraLook = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(CameraLook, time);
        update.Changed += Report;
        configuration.Changed += Report;
        program.Changed += Report;
        try
        {
            ReportedCamera[] said = [];
            do
            {
                var now = Cameras();
                if (said.Length == now.Length && said.SequenceEqual(now)) continue;
                said = now;
                Report();
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        finally
        {
            update.Changed -= Report;
            configuration.Changed -= Report;
            program.Changed -= Report;
        }
    }

    private void Report()
    {
        lock (_gate)
        {
            link.Report(new TwinReported
            {
                DesiredVersion = update.DesiredVersion,
                Boot = spool.Boot,
                At = time.GetUtcNow(),
                AgentVersion = AgentVersion.Text,
                Provider = update.Provider,
                Cameras = Cameras(),
                Model = update.Report,
                Configuration = configuration.Report,
                Program = program.Report,
            });
        }
    }

    private ReportedCamera[] Cameras() => [.. cameras.Select(camera => camera.Reported)];
}

using System.Globalization;
using CvOps.Agent.Capture;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Health;

/// <summary>
/// Pings systemd's watchdog (sd_notify(3), WATCHDOG=1) only while frames move. .NET's own systemd support never pings; a ping on a timer would
/// say no more than that timers work.
/// </summary>
/// <param name="notifier">Null outside systemd: then there is nobody to tell.</param>
internal sealed partial class FrameProgressWatchdog(IEnumerable<CameraLoop> cameras, TimeProvider time, ILogger<FrameProgressWatchdog> log, ISystemdNotifier? notifier = null) : BackgroundService
{
    private static readonly ServiceState Alive = new("WATCHDOG=1");

    /// <summary>Half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises; null when the unit has no watchdog.</summary>
    public static TimeSpan? Period(string? watchdogMicroseconds) =>
        long.TryParse(watchdogMicroseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var micro) && micro > 0 ? TimeSpan.FromMicroseconds(micro) / 2 : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (notifier is not { IsEnabled: true } || Period(Environment.GetEnvironmentVariable("WATCHDOG_USEC")) is not { } period) return;
        using var timer = new PeriodicTimer(period, time);
        var before = Look();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var now = Look();
                var stuck = ProgressRule.Stuck(before, now);
                if (stuck.Count == 0) notifier.Notify(Alive);
                else Log.NoProgress(log, string.Join(", ", stuck));
                before = now;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private CameraProgress[] Look() =>
        [.. cameras.Select(camera => new CameraProgress(camera.Lane.Camera, camera.State,
            camera.Lane.Meter.FramesInspected + camera.Lane.Meter.InferenceErrors + camera.Lane.Meter.FramesDropped))];

    private static partial class Log
    {
        [LoggerMessage(EventId = 5000, Level = LogLevel.Error, Message = "No frame of {Cameras} was taken although live; systemd is not told that the agent lives")]
        public static partial void NoProgress(ILogger log, string cameras);
    }
}

using System.Globalization;
using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Health;

/// <summary>
/// Pings systemd's watchdog (sd_notify(3), WATCHDOG=1) only while frames move. .NET's own systemd support never pings; a ping on a timer would
/// say no more than that timers work. With it goes what <c>systemctl status</c> shows.
/// </summary>
/// <param name="notifier">Null outside systemd: then there is nobody to tell.</param>
internal sealed partial class FrameProgressWatchdog(IEnumerable<CameraLoop> cameras, ModelSlots slots, TimeProvider time, ILogger<FrameProgressWatchdog> log, ISystemdNotifier? notifier = null) : BackgroundService
{
    // sd_watchdog_enabled(3) advises two; one look that comes at a bad moment must not be the end.
    private const int LooksInTime = 4;

    /// <summary>A quarter of WATCHDOG_USEC; null when the unit has no watchdog.</summary>
    public static TimeSpan? Period(string? watchdogMicroseconds) =>
        long.TryParse(watchdogMicroseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var micro) && micro > 0 ? TimeSpan.FromMicroseconds(micro) / LooksInTime : null;

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
                if (stuck.Count == 0) notifier.Notify(new ServiceState($"WATCHDOG=1\nSTATUS={StatusLine.Of(slots.Active?.Ref, [.. cameras.Select(camera => camera.State)])}"));
                else Log.NoProgress(log, string.Join(", ", stuck));
                before = now;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private CameraProgress[] Look() => [.. cameras.Select(camera => Look(camera.Lane))];

    private static CameraProgress Look(CameraLane lane)
    {
        // What is done first: a frame that gets done between the two reads would else seem to be in hand at this look and not done until the next.
        var finished = lane.Meter.FramesFinished;
        return new CameraProgress(lane.Camera, lane.Meter.FramesInHand, finished);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 5000, Level = LogLevel.Error, Message = "Frames of {Cameras} wait and none gets done; systemd is not told that the agent lives")]
        public static partial void NoProgress(ILogger log, string cameras);
    }
}

using CvOps.Fleet.Api;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Ingest;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Devices.Liveness;

/// <summary>
/// Turns the wheels once a second: says which devices are overdue, and takes those offline that were silent for too long. While the fleet itself has no
/// broker nobody can be heard and nobody is judged; afterwards everyone has the whole time again.
/// </summary>
internal sealed partial class LivenessLoop(
    TwinStore twins, ConnectionLog connections, FleetLink link, FleetEvents events, IOptions<FleetOptions> options, TimeProvider time, ILogger<LivenessLoop> log) : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>Devices in one transaction at most.</summary>
    private const int Batch = 1000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(Tick, time);
        long? connected = null;
        try
        {
            await twins.Loaded.WaitAsync(stoppingToken);
            while (await ticks.WaitForNextTickAsync(stoppingToken))
            {
                if (!link.IsConnected)
                {
                    connected = null;
                    continue;
                }
                connected ??= time.GetTimestamp();
                try
                {
                    await LookAsync(time.GetElapsedTime(connected.Value), stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    // Those that could not be written come again after their time.
                    Log.LookFailed(log, e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task LookAsync(TimeSpan standing, CancellationToken cancel)
    {
        var (overdue, silent) = twins.Look(standing);
        foreach (var device in overdue) events.Publish("device", device);
        foreach (var some in silent.Chunk(Batch))
        {
            var now = time.GetUtcNow();
            var lastSeen = now - options.Value.OfflineAfter;
            var offline = await connections.SetSilentAsync(some, now, lastSeen, cancel);
            foreach (var device in offline)
            {
                twins.SetSilent(device, now, lastSeen);
                events.Publish("device", device);
            }
            if (offline.Length > 0) Log.DevicesSilent(log, offline.Length, offline[0], options.Value.OfflineAfter);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2121, Level = LogLevel.Warning, Message = "{Devices} devices, {First} the first of them, have said nothing for {Time} though the broker holds their connections: they count as offline")]
        public static partial void DevicesSilent(ILogger logger, int devices, string first, TimeSpan time);

        [LoggerMessage(EventId = 2122, Level = LogLevel.Error, Message = "Silent devices could not be taken offline")]
        public static partial void LookFailed(ILogger logger, Exception exception);
    }
}

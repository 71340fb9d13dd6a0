using System.Security.Cryptography;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Access;

/// <summary>
/// Ends the connections of devices whose certificate was revoked. A broker looks at certificates only when somebody connects: it closes the door
/// when it has read the new list, and whoever is inside by then is put out by us, at once and again until the broker surely has read it.
/// </summary>
internal sealed partial class RevocationLoop(Database database, FleetAuthority authority, CertificateStore certificates, DeviceEviction eviction, Audit audit, TimeProvider time, ILogger<RevocationLoop> log) : BackgroundService
{
    private const string Duty = "revocations";

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>How long after a revocation the device is put out without asking whether it is there.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(30);

    /// <summary>The same for a device that has another, good certificate: a broker that reloads within seconds has done so by then.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Watched> _watched = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pace, time);
        try
        {
            do
            {
                // A crash, a full disk or one who hung up may have come between a revocation and its list.
                if (!authority.IsListed || !await IsCurrentAsync(stoppingToken)) await PublishAsync(stoppingToken);
                if (await database.HasDutyAsync(Duty, stoppingToken)) await EvictDueAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    /// <summary>Also when another fleet has revoked: this one's broker reads this one's list.</summary>
    private async Task<bool> IsCurrentAsync(CancellationToken cancel)
    {
        try
        {
            return await authority.ListsAllAsync(cancel);
        }
        catch (Exception e) when (StorageFailure.IsStorage(e))
        {
            Log.NotRead(log, e.Message);
            return true;
        }
    }

    private async Task PublishAsync(CancellationToken cancel)
    {
        try
        {
            await authority.PublishRevocationsAsync(cancel);
        }
        catch (Exception e) when (e is CryptographicException || StorageFailure.IsStorage(e))
        {
            Log.ListNotWritten(log, authority.ListFile, e.Message);
        }
    }

    private async Task EvictDueAsync(CancellationToken cancel)
    {
        try
        {
            var now = time.GetUtcNow();
            var devices = await certificates.ToEvictAsync(now, Aftermath, Moment, cancel);
            foreach (var gone in _watched.Keys.Except(devices).ToArray()) _watched.Remove(gone);
            foreach (var device in devices)
            {
                var watched = _watched.TryGetValue(device, out var known) ? known : new Watched(now, now, Pace);
                if (now < watched.Next) continue;
                var problem = await eviction.EvictAsync(device, cancel);
                if (problem is null && watched.Since == now) Log.PutOut(log, device);
                else if (problem is not null) Log.NotPutOut(log, device, problem);
                if (now - watched.Since > Aftermath && !watched.Told)
                {
                    // It comes back again and again.
                    await audit.RecordAsync("enrolment", "device.revoked.connected", device, "It is online with a revoked certificate: the broker does not read the revocation list (crlfile, SIGHUP).", cancel);
                    watched = watched with { Told = true };
                }
                var pause = watched.Pause * 1.5 < LongestPause ? watched.Pause * 1.5 : LongestPause;
                _watched[device] = watched with { Next = now + watched.Pause, Pause = pause };
            }
        }
        catch (Exception e) when (StorageFailure.IsStorage(e))
        {
            Log.NotRead(log, e.Message);
        }
    }

    private sealed record Watched(DateTimeOffset Since, DateTimeOffset Next, TimeSpan Pause, bool Told = false);

    private static partial class Log
    {
        [LoggerMessage(EventId = 2501, Level = LogLevel.Information, Message = "{Device} was put out: its certificate is revoked")]
        public static partial void PutOut(ILogger logger, string device);

        [LoggerMessage(EventId = 2502, Level = LogLevel.Warning, Message = "The connection of {Device}, whose certificate is revoked, could not be ended: {Reason}")]
        public static partial void NotPutOut(ILogger logger, string device, string reason);

        [LoggerMessage(EventId = 2503, Level = LogLevel.Error, Message = "The revocation list {File} cannot be written, so the broker lets revoked devices in: {Reason}")]
        public static partial void ListNotWritten(ILogger logger, string file, string reason);

        [LoggerMessage(EventId = 2504, Level = LogLevel.Warning, Message = "Revoked certificates cannot be looked up now: {Reason}")]
        public static partial void NotRead(ILogger logger, string reason);
    }
}

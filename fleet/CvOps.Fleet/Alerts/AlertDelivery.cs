using System.Collections.Concurrent;
using System.Security.Cryptography;
using CvOps.Contracts.Api;
using CvOps.Fleet.Alerts.Channels;
using CvOps.Fleet.Api;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Alerts;

/// <summary>Gathers notices into notifications and brings them out, each channel in its order and beside the others: one that is down holds up nobody else's. Of several fleets one does.</summary>
internal sealed partial class AlertDelivery(
    Database database, NoticeStore notices, ChannelStore channels, ChannelSender sender, AlertSignal signal, FleetEvents events, IOptions<FleetOptions> options, TimeProvider time, ILogger<AlertDelivery> log) : BackgroundService
{
    private const string Duty = "alert-delivery";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>A plant that goes dark device by device is told once a minute, not once a device.</summary>
    private static readonly TimeSpan MostApart = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Task> _active = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await signal.WaitToDeliverAsync(LookEvery, time, stoppingToken);
                try
                {
                    if (!await database.HasDutyAsync(Duty, stoppingToken)) continue;
                    await GatherAsync(stoppingToken);
                    foreach (var channel in await notices.DueAsync(time.GetUtcNow(), stoppingToken)) Begin(channel, stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.DeliveryFailed(log, e);
                    await Task.Delay(LookEvery, time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        await Task.WhenAll(_active.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task GatherAsync(CancellationToken cancel)
    {
        var gather = options.Value.AlertsGather;
        var apart = gather * 6 < MostApart ? gather * 6 : MostApart;
        var split = (await channels.ListAsync(cancel)).Where(channel => channel.Settings.Kind == AlertChannelKind.Mqtt).Select(channel => channel.Name).ToHashSet();
        await notices.GatherAsync(time.GetUtcNow(), gather, apart, split, () => $"n-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}", cancel);
    }

    private void Begin(string channel, CancellationToken stopping)
    {
        if (_active.ContainsKey(channel)) return;
        var task = Task.Run(() => DeliverAsync(channel, stopping), CancellationToken.None);
        _active[channel] = task;
        _ = task.ContinueWith(_ => _active.TryRemove(channel, out var _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>All that waits for the channel, until one does not get through.</summary>
    private async Task DeliverAsync(string name, CancellationToken stopping)
    {
        try
        {
            while (await channels.OpenAsync(name, stopping) is { } channel && await notices.NextAsync(name, stopping) is var (parcel, attempts))
            {
                var result = await sender.DeliverAsync(channel, parcel, stopping);
                var now = time.GetUtcNow();
                var next = DeliveryRule.NextTry(result, attempts, parcel.MadeAt, now, RandomNumberGenerator.GetInt32(1000) / 1000.0);
                // Written after it is out: a kill in between tells it twice under one id, never not at all.
                await notices.DoneAsync(name, parcel.Id, result, next, now, stopping);
                events.Publish("alert", "");
                if (result.Delivered) continue;
                if (next is null) Log.GivenUp(log, parcel.Id, name, result.Detail);
                else
                {
                    Log.NotThrough(log, parcel.Id, name, result.Detail);
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopping; it waits in the outbox.
        }
        catch (Exception e)
        {
            Log.DeliveryFailed(log, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3611, Level = LogLevel.Warning, Message = "Notification {Id} did not get through to channel {Channel} and is tried again: {Reason}")]
        public static partial void NotThrough(ILogger logger, string id, string channel, string reason);

        [LoggerMessage(EventId = 3612, Level = LogLevel.Error, Message = "Notification {Id} for channel {Channel} was given up: {Reason}")]
        public static partial void GivenUp(ILogger logger, string id, string channel, string reason);

        [LoggerMessage(EventId = 3613, Level = LogLevel.Error, Message = "Notifications could not be brought out; they wait in the outbox")]
        public static partial void DeliveryFailed(ILogger logger, Exception exception);
    }
}

using System.Security.Cryptography;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Alerts;

/// <summary>
/// Looks every few seconds what holds, takes each alert on, and writes down what has to be told with it. Of several fleets one does. What it decides on is what it read;
/// what a person changed meanwhile is left to the next look.
/// </summary>
internal sealed partial class AlertLoop(
    Database database, AlertStore store, ChannelStore channels, AlertDesk desk, AlertSignal signal, IEnumerable<ISightingSource> sources, FleetEvents events, IOptions<FleetOptions> options, TimeProvider time,
    ILogger<AlertLoop> log) : BackgroundService
{
    private const string Duty = "alerts";

    /// <summary>Changes in one transaction: the ingest waits for it.</summary>
    private const int Batch = 500;

    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(90);
    private static readonly TimeSpan DeliveriesKeptFor = TimeSpan.FromDays(30);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromHours(1);

    private readonly ISightingSource[] _sources = [.. sources];
    private DateTimeOffset _pruned;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var hints = events.Subscribe();
        var listening = ListenAsync(hints, stoppingToken);
        try
        {
            while (true)
            {
                var began = time.GetTimestamp();
                try
                {
                    if (await database.HasDutyAsync(Duty, stoppingToken)) await LookAsync(stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.LookFailed(log, e);
                    await Task.Delay(options.Value.AlertsEvery, time, stoppingToken);
                }
                // A look that is long, because very much is wrong, may not take the machine for itself.
                await Task.Delay(TimeSpan.FromMilliseconds(200) + time.GetElapsedTime(began), time, stoppingToken);
                await signal.WaitToLookAsync(options.Value.AlertsEvery, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        await listening;
    }

    /// <summary>News that people wait for; devices speak all the time and wait for the next look.</summary>
    private async Task ListenAsync(FleetEvents.Subscription hints, CancellationToken stopping)
    {
        try
        {
            while (true)
                if ((await hints.Hints.ReadAsync(stopping)).Kind is "rollout" or "drift" or "training" or "deadletter" or "quality") signal.Look();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        var (sightings, known) = await ReadAsync(cancel);
        var now = time.GetUtcNow();
        var rules = (await desk.RulesAsync(cancel)).Select(rule => new AlertRule(rule.Name, rule.Settings)).ToArray();
        var seats = (await channels.ListAsync(cancel)).Select(channel => new ChannelSeat(channel.Name, channel.Settings.Default, channel.Settings.Least)).ToArray();
        var changes = AlertPass.Decide(rules, sightings, known, await store.OpenAsync(cancel), await store.SilencesAsync(now, cancel), seats, NewId, now);
        foreach (var batch in changes.Chunk(Batch)) await WriteAsync(batch, now, cancel);
        if (changes.Count > 0)
        {
            events.Publish("alert", "");
            signal.Deliver();
        }
        if (now - _pruned < PruneEvery) return;
        await database.WriteAsync(connection =>
        {
            AlertStore.Prune(connection, now - KeptFor);
            NoticeStore.Prune(connection, now - DeliveriesKeptFor);
            return true;
        }, cancel);
        _pruned = now;
    }

    private async Task<(List<Sighting> Sightings, HashSet<AlertSource> Known)> ReadAsync(CancellationToken cancel)
    {
        var (sightings, known) = (new List<Sighting>(), new HashSet<AlertSource>());
        foreach (var source in _sources)
        {
            try
            {
                sightings.AddRange(await source.ReadAsync(cancel));
                known.UnionWith(source.Sources);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
            {
                // Nothing is over because nobody could look.
                Log.SourceFailed(log, source.GetType().Name, e);
            }
        }
        return (sightings, known);
    }

    private Task<bool> WriteAsync(IReadOnlyList<AlertChange> changes, DateTimeOffset now, CancellationToken cancel) => database.WriteAsync(connection =>
    {
        foreach (var change in changes)
        {
            if (!AlertStore.Write(connection, change.Key, change.Before, change.After, now)) continue;
            if (change.After is not { } alert) continue;
            if (change.Before?.View.State != alert.State && alert.State != AlertState.Pending) AlertStore.AddEvent(connection, alert.Id, now, AlertWords.Of(alert.State), "fleet", alert.Silence is { } silence ? $"by silence {silence}" : alert.Summary);
            if (change.Notice is not { } notice) continue;
            var message = AlertWords.Message(alert, notice, now, AlertOptions.FleetUrl(options.Value));
            foreach (var channel in change.Channels) NoticeStore.Add(connection, channel, AlertFamily.Of(change.GroupBy, alert), message);
            if (notice is AlertNotice.Reminder or AlertNotice.Escalated) AlertStore.AddEvent(connection, alert.Id, now, notice == AlertNotice.Reminder ? "reminded" : "escalated", "fleet", string.Join(", ", change.Channels));
        }
        return true;
    }, cancel);

    private static string NewId() => $"a-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";

    private static partial class Log
    {
        [LoggerMessage(EventId = 3601, Level = LogLevel.Error, Message = "Nobody could look what is worth an alert; it is tried again")]
        public static partial void LookFailed(ILogger logger, Exception exception);

        [LoggerMessage(EventId = 3602, Level = LogLevel.Warning, Message = "{Source} could not be asked; its alerts stay as they are")]
        public static partial void SourceFailed(ILogger logger, string source, Exception exception);
    }
}

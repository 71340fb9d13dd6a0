using System.Text;
using CvOps.Contracts;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Devices;

/// <summary>
/// Brings desired documents to the broker, retained. The table of devices is its outbox: a document leaves it when the broker has acknowledged,
/// so a crash publishes twice, never not at all; devices ignore a version they have.
/// </summary>
internal sealed partial class TwinPublisher(Database database, DeviceDirectory directory, TwinOutbox outbox, FleetLink link, Seats seats, ILogger<TwinPublisher> log) : BackgroundService
{
    private const string Duty = "twins";

    /// <summary>Of a wave nobody reads a line a device.</summary>
    private const int MostLogged = 20;

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        link.Connected += OnConnectedAsync;
        try
        {
            while (true)
            {
                await outbox.WaitAsync(LookAgain, stoppingToken);
                if (!link.IsConnected) continue;
                try
                {
                    // Two publishers could leave the older of two documents with the broker.
                    if (!await database.HasDutyAsync(Duty, stoppingToken)) continue;
                    await PublishWaitingAsync(stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.PublishFailed(log, e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        finally
        {
            link.Connected -= OnConnectedAsync;
        }
    }

    private async Task OnConnectedAsync(bool sessionKept, CancellationToken cancel)
    {
        // A broker that does not know a session it should know may have lost what it retained.
        if (!sessionKept && await seats.ExpectsSessionAsync(cancel)) await directory.ForgetPublishedAsync(cancel);
        outbox.Wake();
    }

    private async Task PublishWaitingAsync(CancellationToken cancel)
    {
        while (await directory.UnpublishedAsync(cancel) is { Length: > 0 } waiting)
        {
            // All are begun before one is waited for; what the broker took is noted even when another was refused.
            var publishing = waiting.Select(twin => link.PublishAsync(new Topics(twin.Site, twin.Device).TwinDesired, Encoding.UTF8.GetBytes(twin.Document), retain: true, cancel)).ToArray();
            await Task.WhenAll(publishing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            UnpublishedTwin[] published = [.. waiting.Where((_, i) => publishing[i].IsCompletedSuccessfully)];
            await directory.MarkPublishedAsync(published, cancel);
            if (published.Length > MostLogged) Log.TwinsPublished(log, published.Length);
            else foreach (var twin in published) Log.TwinPublished(log, twin.Device, twin.Version);
            await Task.WhenAll(publishing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "Desired twin {Version} of {Device} is with the broker")]
        public static partial void TwinPublished(ILogger logger, DeviceId device, long version);

        [LoggerMessage(EventId = 2103, Level = LogLevel.Information, Message = "Desired twins of {Devices} devices are with the broker")]
        public static partial void TwinsPublished(ILogger logger, int devices);

        [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "Desired twins could not be published; they wait in the outbox")]
        public static partial void PublishFailed(ILogger logger, Exception exception);
    }
}

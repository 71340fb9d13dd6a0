using System.Text;
using CvOps.Contracts;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Devices;

/// <summary>
/// Brings desired documents to the broker, retained. The table of devices is its outbox: a document leaves it when the broker has acknowledged,
/// so a crash publishes twice, never not at all; devices ignore a version they have.
/// </summary>
internal sealed partial class TwinPublisher : BackgroundService
{
    private const string Duty = "twins";

    /// <summary>Of a wave nobody reads a line a device.</summary>
    private const int MostLogged = 20;

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(15);

    private readonly Database _database;
    private readonly DeviceDirectory _directory;
    private readonly TwinOutbox _outbox;
    private readonly FleetLink _link;
    private readonly Seats _seats;
    private readonly ILogger<TwinPublisher> _log;

    public TwinPublisher(Database database, DeviceDirectory directory, TwinOutbox outbox, FleetLink link, Seats seats, ILogger<TwinPublisher> log)
    {
        (_database, _directory, _outbox, _link, _seats, _log) = (database, directory, outbox, link, seats, log);
        // Here and not in the loop: that begins on a thread of its own, perhaps after the ingest has connected.
        link.Connected += OnConnectedAsync;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _outbox.WaitAsync(LookAgain, stoppingToken);
                if (!_link.IsConnected) continue;
                try
                {
                    // Two publishers could leave the older of two documents with the broker.
                    if (!await _database.HasDutyAsync(Duty, stoppingToken)) continue;
                    await PublishWaitingAsync(stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.PublishFailed(_log, e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        finally
        {
            _link.Connected -= OnConnectedAsync;
        }
    }

    private async Task OnConnectedAsync(bool sessionKept, CancellationToken cancel)
    {
        // A broker that does not know a session it should know may have lost what it retained.
        if (!sessionKept && await _seats.ExpectsSessionAsync(cancel)) await _directory.ForgetPublishedAsync(cancel);
        _outbox.Wake();
    }

    private async Task PublishWaitingAsync(CancellationToken cancel)
    {
        Task? refused = null;
        // What was published is no longer waiting; behind what the broker refuses comes the next page: it holds up nobody else's, and is tried again at the next look.
        for (var after = ""; (refused is null || _link.IsConnected) && await _directory.UnpublishedAsync(after, cancel) is { Length: > 0 } waiting; after = refused is null ? "" : waiting[^1].Device.Value)
        {
            // All are begun before one is waited for; what the broker took is noted even when another was refused.
            var publishing = waiting.Select(twin => _link.PublishAsync(new Topics(twin.Site, twin.Device).TwinDesired, Encoding.UTF8.GetBytes(twin.Document), retain: true, cancel)).ToArray();
            await Task.WhenAll(publishing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            UnpublishedTwin[] published = [.. waiting.Where((_, i) => publishing[i].IsCompletedSuccessfully)];
            await _directory.MarkPublishedAsync(published, cancel);
            if (published.Length > MostLogged) Log.TwinsPublished(_log, published.Length);
            else foreach (var twin in published) Log.TwinPublished(_log, twin.Device, twin.Version);
            refused ??= publishing.FirstOrDefault(task => !task.IsCompletedSuccessfully);
        }
        if (refused is not null) await refused;
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

using System.Threading.Channels;
using CvOps.Fleet.Observability;
using Microsoft.Extensions.Options;
using MQTTnet;

namespace CvOps.Fleet.Ingest;

/// <summary>
/// Takes in what devices say. A message is acknowledged only when it is durable and the observers have heard of it; many messages share one transaction.
/// What cannot be read is set aside with its reason and acknowledged, so that it comes once.
/// </summary>
internal sealed partial class MqttIngest(
    FleetLink link, IngestStore store, SignalHub signals, FleetCounters counters, IngestTraces traces, Seats seats, IOptions<FleetOptions> options, TimeProvider time, ILogger<MqttIngest> log) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    /// <summary>Payloads received and not acknowledged yet, together; the client that reads for us holds half as much again.</summary>
    public const long MostHeld = 64 * 1024 * 1024;

    // Both wait when full: the broker keeps what does not fit. Disposed of by nobody, a message holds no resource.
    private readonly Channel<Received> _received = Channel.CreateBounded<Received>(new BoundedChannelOptions(FleetLink.ReceiveMaximum) { SingleReader = true });
    private readonly Channel<Received[]> _durable = Channel.CreateBounded<Received[]>(new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
    private readonly IngestRoom _room = new(MostHeld);
    private readonly MessageReader _reader = new();
    private long _taken;
    private long _acknowledged;

    /// <summary>Payloads received and not acknowledged now, in bytes.</summary>
    public long Held => _room.Held;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        link.Client.ApplicationMessageReceivedAsync += OnReceivedAsync;
        try
        {
            // While one batch goes to the disk, the next is read, and the one before is told and acknowledged.
            var loops = new[] { ConnectLoopAsync(ends.Token), Task.Run(() => ApplyLoopAsync(ends.Token), ends.Token), Task.Run(() => TellLoopAsync(ends.Token), ends.Token) };
            await Task.WhenAny(loops);
            await ends.CancelAsync();
            await Task.WhenAll(loops);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        finally
        {
            link.Client.ApplicationMessageReceivedAsync -= OnReceivedAsync;
            await link.LeaveAsync();
        }

        Task OnReceivedAsync(MqttApplicationMessageReceivedEventArgs received) => SessionMark.Is(received.ApplicationMessage.Topic) ? Task.CompletedTask
            : TakeAsync(received, _reader.Read(received.ApplicationMessage.Topic, received.ApplicationMessage.Payload), ends.Token);
    }

    /// <summary>Takes a message in, of whatever connection; it is acknowledged there when it is durable and told. Waits while there is no room.</summary>
    public async Task TakeAsync(MqttApplicationMessageReceivedEventArgs received, Message message, CancellationToken cancel)
    {
        received.AutoAcknowledge = false;
        await _room.EnterAsync(received.ApplicationMessage.Payload.Length, cancel);
        await _received.Writer.WriteAsync(new Received(message, received), cancel);
        Interlocked.Increment(ref _taken);
    }

    /// <summary>Returns when everything that was taken in before is acknowledged.</summary>
    public async Task CatchUpAsync(CancellationToken cancel)
    {
        for (var before = Interlocked.Read(ref _taken); Interlocked.Read(ref _acknowledged) < before;) await Task.Delay(Glance, time, cancel);
    }

    /// <summary>
    /// Where others take in what comes, this fleet hands its share over before it goes: no more is put aside for it, what was is taken in, and its session ends.
    /// The last one leaves its session to the broker, which keeps what comes until a fleet is back.
    /// </summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (link.IsConnected && await seats.LeaveAsync(cancellationToken))
            {
                await SessionMark.PassAsync(link.Client, seats.Client, cancellationToken);
                await CatchUpAsync(cancellationToken);
                await base.StopAsync(cancellationToken);
                await link.EndSessionAsync(seats.Client, cancellationToken);
                await seats.RemoveAsync(seats.Client, cancellationToken);
                var taken = Interlocked.Read(ref _taken);
                Log.HandedOver(log, taken);
                return;
            }
            Log.LeftToBroker(log, seats.Client, link.IsConnected);
        }
        catch (Exception e) when (e is LinkDownException or OperationCanceledException || StorageFailure.IsStorage(e))
        {
            // What was not acknowledged waits at the broker, and whoever stays finds this seat silent.
            Log.NotHandedOver(log, e.Message);
        }
        await base.StopAsync(cancellationToken);
    }

    private async Task ConnectLoopAsync(CancellationToken cancel)
    {
        var pause = FirstPause;
        var random = new Random();
        await seats.WhenTakenAsync(cancel);
        while (true)
        {
            try
            {
                var ended = WhenDisconnected();
                await link.ConnectAsync(IngestTopics.All, [IngestTopics.Former], cancel);
                await SubscribedAsync(cancel);
                Log.Connected(log, options.Value.Broker);
                pause = FirstPause;
                await ended.WaitAsync(cancel);
                Log.Disconnected(log, options.Value.Broker);
            }
            catch (LinkDownException e)
            {
                Log.ConnectFailed(log, e.Message, pause);
            }
            // Nothing to lose when it is gone already; the connection may end at this very moment.
            await link.Client.TryDisconnectAsync();
            // Jitter: a restarted broker meets its clients spread over time.
            await Task.Delay(pause * (0.5 + random.NextDouble()), time, cancel);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task SubscribedAsync(CancellationToken cancel)
    {
        try
        {
            await seats.SubscribedAsync(cancel);
        }
        catch (Exception e) when (StorageFailure.IsStorage(e))
        {
            // Said again after the next connect; until then nobody hands over to this fleet.
            Log.ShareNotTold(log, e.Message);
        }
    }

    private Task WhenDisconnected()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        link.Client.DisconnectedAsync += OnDisconnectedAsync;
        return ended.Task;

        Task OnDisconnectedAsync(MqttClientDisconnectedEventArgs _)
        {
            link.Client.DisconnectedAsync -= OnDisconnectedAsync;
            ended.TrySetResult();
            return Task.CompletedTask;
        }
    }

    private async Task ApplyLoopAsync(CancellationToken cancel)
    {
        var batch = new List<Received>(options.Value.IngestBatch);
        while (await _received.Reader.WaitToReadAsync(cancel))
        {
            while (batch.Count < options.Value.IngestBatch && _received.Reader.TryRead(out var received)) batch.Add(received);
            Message[] messages = [.. batch.Select(received => received.Message)];
            var (begun, at) = (time.GetTimestamp(), time.GetUtcNow());
            await ApplyAsync(messages, cancel);
            counters.Commit.Record(time.GetElapsedTime(begun).TotalSeconds);
            counters.TakenIn(messages);
            traces.TakenIn(messages, at);
            await _durable.Writer.WriteAsync([.. batch], cancel);
            batch.Clear();
        }
    }

    private async Task TellLoopAsync(CancellationToken cancel)
    {
        await foreach (var batch in _durable.Reader.ReadAllAsync(cancel))
        {
            var begun = time.GetTimestamp();
            await signals.TellAsync([.. batch.Select(received => received.Message)], cancel);
            counters.Tell.Record(time.GetElapsedTime(begun).TotalSeconds);
            // All are begun before one is waited for: many go out in one write.
            await Task.WhenAll(batch.Select(received => AcknowledgeAsync(received, cancel)));
            Interlocked.Add(ref _acknowledged, batch.Length);
            _room.Leave(batch.Sum(received => received.Arguments.ApplicationMessage.Payload.Length));
        }
    }

    /// <summary>Returns when every message is durable, in its place or set aside. A disk that is full or broken is waited for.</summary>
    private async Task ApplyAsync(Message[] messages, CancellationToken cancel)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await store.ApplyAsync(messages, cancel);
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
            {
                if (messages.Length > 1)
                {
                    // One bad message may not hold up the others: alone, each shows whether it is the one.
                    foreach (var message in messages) await ApplyAsync([message], cancel);
                    return;
                }
                if (!StorageFailure.IsStorage(e) && await TrySetAsideAsync(messages[0], e, cancel)) return;
                Log.StorageFailed(log, pause, e);
                await Task.Delay(pause, time, cancel);
            }
        }
    }

    /// <returns>False when the disk did not take it; the message is applied again later, and set aside when that fails as before.</returns>
    private async Task<bool> TrySetAsideAsync(Message message, Exception why, CancellationToken cancel)
    {
        Log.SetAside(log, message.Name, why);
        try
        {
            await store.SetAsideAsync(message, $"It could not be applied: {why.Message}", cancel);
            return true;
        }
        catch (Exception e) when (StorageFailure.IsStorage(e))
        {
            return false;
        }
    }

    private async Task AcknowledgeAsync(Received received, CancellationToken cancel)
    {
        try
        {
            await received.Arguments.AcknowledgeAsync(cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            // The connection it came on is gone. The broker delivers again, and it is left out as a duplicate.
            Log.AcknowledgeFailed(log, received.Message.Name, e.Message);
        }
    }

    private readonly record struct Received(Message Message, MqttApplicationMessageReceivedEventArgs Arguments);

    private static partial class Log
    {
        [LoggerMessage(EventId = 2001, Level = LogLevel.Information, Message = "Connected to {Broker}")]
        public static partial void Connected(ILogger logger, string broker);

        [LoggerMessage(EventId = 2002, Level = LogLevel.Warning, Message = "Lost the connection to {Broker}")]
        public static partial void Disconnected(ILogger logger, string broker);

        [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "{Reason} Next try in about {Pause}")]
        public static partial void ConnectFailed(ILogger logger, string reason, TimeSpan pause);

        [LoggerMessage(EventId = 2004, Level = LogLevel.Error, Message = "Messages cannot be stored; the broker keeps them. Next try in {Pause}")]
        public static partial void StorageFailed(ILogger logger, TimeSpan pause, Exception exception);

        [LoggerMessage(EventId = 2005, Level = LogLevel.Error, Message = "A message on {Topic} was set aside")]
        public static partial void SetAside(ILogger logger, string topic, Exception exception);

        [LoggerMessage(EventId = 2010, Level = LogLevel.Warning, Message = "The others could not be told that this fleet has its share: {Reason}")]
        public static partial void ShareNotTold(ILogger logger, string reason);

        [LoggerMessage(EventId = 2009, Level = LogLevel.Information, Message = "No other fleet is known to be there: the broker keeps session {Client} (connected: {Connected})")]
        public static partial void LeftToBroker(ILogger logger, string client, bool connected);

        [LoggerMessage(EventId = 2007, Level = LogLevel.Information, Message = "The others take over: {Messages} messages were taken in here")]
        public static partial void HandedOver(ILogger logger, long messages);

        [LoggerMessage(EventId = 2008, Level = LogLevel.Warning, Message = "This fleet's share was not handed over in order; the others take it up in a moment: {Reason}")]
        public static partial void NotHandedOver(ILogger logger, string reason);

        [LoggerMessage(EventId = 2006, Level = LogLevel.Debug, Message = "{Topic} could not be acknowledged: {Reason}")]
        public static partial void AcknowledgeFailed(ILogger logger, string topic, string reason);
    }
}

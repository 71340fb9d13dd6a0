using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Spool;

internal enum AppendOutcome
{
    /// <summary>On disk: it survives kill -9 and a power cut.</summary>
    Stored,

    /// <summary>Larger than any broker of ours takes; kept among the dead letters.</summary>
    SetAside,

    /// <summary>The disk did not take it; lost and counted. <see cref="SpoolLog.Problem"/> says why.</summary>
    Lost,
}

/// <summary>
/// The queue on disk between the cameras and the fleet: a log of segments for each class of messages, appended in groups that all become durable
/// together, read in order by the uplink, shortened from its old end. Any thread appends; one reader. A disk that refuses costs messages, counted,
/// never the agent.
/// </summary>
internal sealed partial class SpoolLog : IAsyncDisposable
{
    private const int QueuedMessages = 4096;
    private static readonly TimeSpan OpenAgainAfter = TimeSpan.FromSeconds(5);

    private readonly record struct Pending(string Topic, SpoolClass Class, MessageBody? Body, Func<Origin, byte[]>? Payload, TaskCompletionSource<AppendOutcome>? Done);

    private readonly Channel<Pending> _queue = Channel.CreateBounded<Pending>(new BoundedChannelOptions(QueuedMessages) { SingleReader = true });
    private readonly DeviceId _device;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _folder;
    private readonly SpoolLimits _limits;
    private readonly SpoolStore[] _stores;
    private readonly SpoolGroup[] _groups;
    private readonly SpoolBudget _budget;
    private readonly Action<Exception> _left;
    private readonly MessageBodies _bodies = new();
    private readonly OriginStamp _stamp = new();
    private readonly AutoResetSignal _grown = new();
    private readonly Task _writing;
    private long _boot;
    private long _openedAt;
    private long _committed;
    private volatile string? _problem;

    public SpoolLog(string folder, DeviceId device, SpoolLimits limits, TimeProvider time, ILogger<SpoolLog> logger)
    {
        (_folder, _device, _limits, _time, _logger) = (folder, device, limits, time, logger);
        Losses = new SpoolLosses(time);
        // What an agent without classes left lies where it lay.
        _stores = [.. limits.Classes.Select(it => new SpoolStore(it.Class == SpoolClass.Earlier ? folder : Path.Combine(folder, SpoolClasses.Name(it.Class)), it, time, logger))];
        _groups = [.. _stores.Select(store => new SpoolGroup(store))];
        _budget = new SpoolBudget([.. ByValue.Select(it => _stores[(int)it])], limits.BudgetBytes, Losses, logger);
        DeadLetters = new DeadLetters(Path.Combine(folder, "dead-letters"), time);
        _left = failure => Log.SegmentLeft(_logger, failure.Message);
        TryOpen();
        _writing = Task.Run(WriteAsync);
    }

    /// <param name="budgetBytes">Disk space for segments; the classes have their default parts of it.</param>
    public SpoolLog(string folder, DeviceId device, long budgetBytes, TimeProvider time, ILogger<SpoolLog> logger)
        : this(folder, device, SpoolLimits.Of(budgetBytes), time, logger)
    {
    }

    /// <summary>This start's number; 0 as long as the folder can't be written to.</summary>
    public long Boot => Volatile.Read(ref _boot);

    public DeadLetters DeadLetters { get; }

    /// <summary>What is wrong with the disk, in a sentence that says what to do; null when all is well.</summary>
    public string? Problem => _problem;

    public SpoolHealth Health => new(
        _stores.Sum(store => store.WaitingMessages), _stores.Sum(store => store.WaitingBytes), _limits.BudgetBytes,
        Losses.Of(SpoolLossReason.Budget) + Losses.Of(SpoolLossReason.Disk), DeadLetters.Count)
    {
        Classes = [.. _stores.Where(store => store.Class != SpoolClass.Earlier || store.WaitingMessages > 0)
            .Select(store => new SpoolClassHealth(SpoolClasses.Name(store.Class), store.WaitingMessages, store.WaitingBytes, store.Limits.BudgetBytes))],
        Losses = Losses.Report(),
    };

    /// <summary>For how long the oldest message of each class has waited.</summary>
    public IEnumerable<(SpoolClass Class, TimeSpan Age)> Ages() =>
        _stores.Where(store => store.Class != SpoolClass.Earlier || store.WaitingMessages > 0).Select(store => (store.Class, store.Waiting));

    /// <summary>Group commits since the start.</summary>
    public long Groups => Interlocked.Read(ref _committed);

    /// <summary>Messages given up since the start.</summary>
    public SpoolLosses Losses { get; }

    /// <summary>Position of the last message of a class that the fleet has acknowledged; 0 before the first.</summary>
    public long Acknowledged(SpoolClass of) => _stores[(int)of].Acknowledged;

    /// <summary>
    /// Queues a message for the disk and returns, at once unless the disk is slow. It is written as JSON here, so the record may be refilled
    /// afterwards; the spool puts the origin in, which the record must have as its first property and as <see cref="OriginStamp.None"/>.
    /// </summary>
    public void Append<T>(string topic, T message, JsonTypeInfo<T> type) where T : ITelemetry => Append(topic, message, (json, record) => JsonSerializer.Serialize(json, record, type));

    /// <inheritdoc cref="Append{T}(string, T, JsonTypeInfo{T})"/>
    /// <param name="write">Writes the record as the serializer would.</param>
    public void Append<T>(string topic, T message, Action<Utf8JsonWriter, T> write) where T : ITelemetry
    {
        var body = _bodies.Rent();
        body.Write(message, write);
        OriginStamp.Check(body.Json);
        var pending = new Pending(topic, ClassOf(topic), body, null, null);
        // On threads of the frame path: waiting for the disk is what they are to do when it is slow.
        if (_queue.Writer.TryWrite(pending)) return;
        try
        {
            _queue.Writer.WriteAsync(pending).AsTask().GetAwaiter().GetResult();
        }
        catch (ChannelClosedException)
        {
            _bodies.Return(body);
            Losses.Count(SpoolTopic.KindOf(topic), SpoolLossReason.Disk);
        }
    }

    /// <summary>Returns when the message is on disk. The payload is made here, in order, with the origin it got.</summary>
    public async Task<AppendOutcome> AppendAsync(string topic, Func<Origin, byte[]> payload, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<AppendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync(new Pending(topic, ClassOf(topic), null, payload, done), cancellationToken);
        return await done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Returns when the message is queued for the disk, which is at once unless the disk is slow: for whoever may not wait for it.</summary>
    public ValueTask EnqueueAsync(string topic, Func<Origin, byte[]> payload, CancellationToken cancellationToken) =>
        _queue.Writer.WriteAsync(new Pending(topic, ClassOf(topic), null, payload, null), cancellationToken);

    /// <summary>Reads from just behind the cursors. One reader at a time; a new one begins anew.</summary>
    public SpoolFeed Read() => new(_stores, _logger);

    /// <summary>Everything of its class up to this message is the fleet's now.</summary>
    public void Acknowledge(SpoolRecord record) => Acknowledge(record.Class, record.Position);

    /// <inheritdoc cref="Acknowledge(SpoolRecord)"/>
    public void Acknowledge(SpoolClass of, long position)
    {
        try
        {
            _stores[(int)of].Acknowledge(position);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It will be sent again after a crash, which the fleet recognises.
            Report(e);
        }
    }

    /// <summary>A message whose time to live was over when its turn came, and which was acknowledged for that.</summary>
    public void CountExpired(SpoolRecord record) => Losses.Count(SpoolTopic.KindOf(record.Topic), SpoolLossReason.Expired);

    /// <summary>Keeps a message aside that the fleet refuses for good. Acknowledging it is the caller's next step.</summary>
    public void SetAside(string topic, ReadOnlySpan<byte> payload, string reason)
    {
        Log.SetAside(_logger, topic, reason);
        try
        {
            DeadLetters.Add(topic, payload, reason);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(e);
        }
    }

    /// <summary>Completes when there may be something to read. One at a time.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WaitAsync(SpoolFeed feed, CancellationToken cancellationToken)
    {
        await using var wake = cancellationToken.UnsafeRegister(static signal => ((AutoResetSignal)signal!).Set(), _grown);
        while (!feed.Ready)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await _grown.WaitAsync();
        }
    }

    /// <summary>Writes what is queued, then closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
        _stamp.Dispose();
        foreach (var store in _stores)
        {
            try
            {
                store.Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Report(e);
            }
        }
    }

    // Whose messages go last when there is no room; what an earlier agent left is of all kinds, and older than the results.
    private static SpoolClass[] ByValue { get; } = [SpoolClass.Control, SpoolClass.Results, SpoolClass.Earlier, SpoolClass.Evidence, SpoolClass.Frames];

    private static SpoolClass ClassOf(string topic) => SpoolClasses.Of(SpoolTopic.KindOf(topic));

    /// <summary>At the start, and now and then again when the folder could not be opened: a disk may come back.</summary>
    private bool TryOpen()
    {
        if (_openedAt != 0 && _time.GetElapsedTime(_openedAt) < OpenAgainAfter) return false;
        _openedAt = _time.GetTimestamp();
        try
        {
            foreach (var store in _stores) store.Open();
            _stores[(int)SpoolClass.Earlier].DropAcknowledged();
            Volatile.Write(ref _boot, BootCounter.Next(_folder));
            Log.Opened(_logger, _boot, _stores.Sum(store => store.WaitingMessages));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(e);
            return false;
        }
    }

    private void Report(Exception problem)
    {
        var sentence = $"The spool in {_folder} can't be written: {problem.Message} Messages are lost until there is room and permission again.";
        if (_problem is null) Log.Failed(_logger, sentence);
        _problem = sentence;
    }

    private static partial class Log
    {
        [LoggerMessage(2001, LogLevel.Information, "Spool opened for boot {Boot}, {Waiting} messages waiting")]
        public static partial void Opened(ILogger logger, long boot, long waiting);

        [LoggerMessage(2002, LogLevel.Error, "{Problem}")]
        public static partial void Failed(ILogger logger, string problem);

        [LoggerMessage(2003, LogLevel.Warning, "The spool can be written again")]
        public static partial void Healed(ILogger logger);

        [LoggerMessage(2004, LogLevel.Error, "A message on {Topic} was set aside: {Reason}")]
        public static partial void SetAside(ILogger logger, string topic, string reason);

        [LoggerMessage(2006, LogLevel.Warning, "A segment of the spool was left for a new one: {Problem}")]
        public static partial void SegmentLeft(ILogger logger, string problem);

        [LoggerMessage(2005, LogLevel.Error, "A message on {Topic} could not be made")]
        public static partial void PayloadFailed(ILogger logger, string topic, Exception exception);
    }
}

using System.Buffers;
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
/// The queue on disk between the cameras and the fleet: a log of segments, appended in groups that share one fdatasync, read in order by the
/// uplink, shortened from its old end. Any thread appends; one reader. A disk that refuses costs messages, counted, never the agent.
/// </summary>
internal sealed partial class SpoolLog : IAsyncDisposable
{
    private const int QueuedMessages = 4096;
    private const int GroupBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan OpenAgainAfter = TimeSpan.FromSeconds(5);

    private readonly record struct Pending(string Topic, MessageBody? Body, Func<Origin, byte[]>? Payload, TaskCompletionSource<AppendOutcome>? Done);

    private readonly Channel<Pending> _queue = Channel.CreateBounded<Pending>(new BoundedChannelOptions(QueuedMessages) { SingleReader = true });
    private readonly DeviceId _device;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SpoolStore _store;
    private readonly ArrayBufferWriter<byte> _group = new(64 * 1024);
    private readonly MessageBodies _bodies = new();
    private readonly OriginStamp _stamp = new();
    private readonly AutoResetSignal _grown = new();
    private readonly Task _writing;
    private long _boot;
    private long _sequence;
    private long _lost;
    private long _openedAt;
    private volatile string? _problem;

    /// <param name="budgetBytes">Disk space for segments.</param>
    public SpoolLog(string folder, DeviceId device, long budgetBytes, TimeProvider time, ILogger<SpoolLog> logger)
    {
        _device = device;
        _time = time;
        _logger = logger;
        _store = new SpoolStore(folder, budgetBytes, time, logger);
        DeadLetters = new DeadLetters(Path.Combine(folder, "dead-letters"), time);
        TryOpen();
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>This start's number; 0 as long as the folder can't be written to.</summary>
    public long Boot => Volatile.Read(ref _boot);

    public DeadLetters DeadLetters { get; }

    /// <summary>What is wrong with the disk, in a sentence that says what to do; null when all is well.</summary>
    public string? Problem => _problem;

    public SpoolHealth Health => new(_store.WaitingMessages, _store.WaitingBytes, _store.BudgetBytes, _store.Evicted.Values.Sum() + Interlocked.Read(ref _lost), DeadLetters.Count);

    /// <summary>Messages given up for the budget since the start, by kind.</summary>
    public IReadOnlyDictionary<TopicKind, long> Evicted => _store.Evicted;

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
        var pending = new Pending(topic, body, null, null);
        // On threads of the frame path: waiting for the disk is what they are to do when it is slow.
        if (_queue.Writer.TryWrite(pending)) return;
        try
        {
            _queue.Writer.WriteAsync(pending).AsTask().GetAwaiter().GetResult();
        }
        catch (ChannelClosedException)
        {
            _bodies.Return(body);
            Interlocked.Increment(ref _lost);
        }
    }

    /// <summary>Returns when the message is on disk. The payload is made here, in order, with the origin it got.</summary>
    public async Task<AppendOutcome> AppendAsync(string topic, Func<Origin, byte[]> payload, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<AppendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync(new Pending(topic, null, payload, done), cancellationToken);
        return await done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Returns when the message is queued for the disk, which is at once unless the disk is slow: for whoever may not wait for it.</summary>
    public ValueTask EnqueueAsync(string topic, Func<Origin, byte[]> payload, CancellationToken cancellationToken) =>
        _queue.Writer.WriteAsync(new Pending(topic, null, payload, null), cancellationToken);

    /// <summary>Reads from just behind the cursor. One reader at a time; a new one begins anew.</summary>
    public SpoolReader Read() => new(_store);

    /// <summary>Everything up to this position is the fleet's now.</summary>
    public void Acknowledge(long position)
    {
        try
        {
            _store.Acknowledge(position);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It will be sent again after a crash, which the fleet recognises.
            Report(e);
        }
    }

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

    /// <summary>Completes when there may be something to read behind this position. One at a time.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WaitAsync(long position, CancellationToken cancellationToken)
    {
        await using var wake = cancellationToken.UnsafeRegister(static signal => ((AutoResetSignal)signal!).Set(), _grown);
        while (_store.Last <= position)
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
        try
        {
            _store.Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(e);
        }
    }

    private async Task WriteAsync()
    {
        var group = new List<Pending>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            // Before the first position is taken: opening may find what an earlier run left.
            var open = Boot > 0 || TryOpen();
            group.Clear();
            _group.ResetWrittenCount();
            var first = _store.Next;
            while (_group.WrittenCount < GroupBytes && _queue.Reader.TryRead(out var pending))
            {
                if (Encode(pending, open, first + group.Count)) group.Add(pending);
            }
            if (group.Count == 0) continue;
            var outcome = Commit(first, group.Count);
            foreach (var pending in group) pending.Done?.TrySetResult(outcome);
        }
    }

    private bool Encode(in Pending pending, bool open, long position)
    {
        try
        {
            if (!open)
            {
                Interlocked.Increment(ref _lost);
                pending.Done?.TrySetResult(AppendOutcome.Lost);
                return false;
            }
            return pending.Body is { } body
                ? Take(pending, position, _stamp.Head(_device, _boot, _sequence + 1), OriginStamp.Rest(body.Json))
                : Take(pending, position, [], pending.Payload!(new Origin(_device, _boot, _sequence + 1)));
        }
#pragma warning disable CA1031 // A payload that can't be made is its caller's bug; the other callers' messages go on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.PayloadFailed(_logger, pending.Topic, e);
            pending.Done?.TrySetException(e);
            return false;
        }
        finally
        {
            if (pending.Body is { } body) _bodies.Return(body);
        }
    }

    private bool Take(in Pending pending, long position, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        var length = head.Length + rest.Length;
        if (length > Limits.MessageBytes)
        {
            SetAside(pending.Topic, [.. head, .. rest], $"{length} bytes are more than the {Limits.MessageBytes} a message may have.");
            pending.Done?.TrySetResult(AppendOutcome.SetAside);
            return false;
        }
        _sequence++;
        SpoolRecord.Write(_group, position, pending.Topic, head, rest);
        return true;
    }

    private AppendOutcome Commit(long first, int count)
    {
        try
        {
            _store.Append(first, count, _group.WrittenMemory);
            if (_problem is not null) Log.Healed(_logger);
            _problem = null;
            _grown.Set();
            return AppendOutcome.Stored;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Interlocked.Add(ref _lost, count);
            Report(e);
            return AppendOutcome.Lost;
        }
    }

    /// <summary>At the start, and now and then again when the folder could not be opened: a disk may come back.</summary>
    private bool TryOpen()
    {
        if (_openedAt != 0 && _time.GetElapsedTime(_openedAt) < OpenAgainAfter) return false;
        _openedAt = _time.GetTimestamp();
        try
        {
            _store.Open();
            Volatile.Write(ref _boot, BootCounter.Next(_store.Folder));
            Log.Opened(_logger, _boot, _store.WaitingMessages);
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
        var sentence = $"The spool in {_store.Folder} can't be written: {problem.Message} Messages are lost until there is room and permission again.";
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

        [LoggerMessage(2005, LogLevel.Error, "A message on {Topic} could not be made")]
        public static partial void PayloadFailed(ILogger logger, string topic, Exception exception);
    }
}

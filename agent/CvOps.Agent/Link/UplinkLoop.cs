using CvOps.Agent.Spool;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Link;

/// <summary>
/// Carries the spool to the fleet: in order, a window of messages on their way, the cursor behind the oldest that is not acknowledged.
/// After any doubt it begins again at the cursor, so everything arrives at least once; the fleet applies it once, by its origin.
/// </summary>
internal sealed partial class UplinkLoop(SpoolLog spool, IFleetLink link, TimeProvider time, ILogger<UplinkLoop> logger) : BackgroundService
{
    /// <summary>Times a message may end the connection, alone on its way, before it is set aside.</summary>
    private const int Patience = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private long _suspect;
    private int _suspicions;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await link.WhenConnectedAsync(stoppingToken);
                try
                {
                    await DrainAsync(stoppingToken);
                }
                catch (IOException e)
                {
                    Log.Unreadable(logger, e.Message);
                }
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is on its way is sent again after the next start.
        }
    }

    /// <summary>Sends until something is not acknowledged.</summary>
    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        using var reader = spool.Read();
        var onTheWay = new Queue<Sent>();
        while (true)
        {
            while (onTheWay.Count < (_suspicions > 0 ? 1 : link.Window) && reader.TryRead() is { } record)
                onTheWay.Enqueue(new Sent(record, link.SendAsync(record.Topic, record.Payload, cancellationToken)));
            if (onTheWay.TryDequeue(out var oldest))
            {
                if (!Settle(oldest.Record, await oldest.Outcome))
                {
                    // Their buffers are not used again before the client has let go of them.
                    while (onTheWay.TryDequeue(out var later)) await later.Outcome;
                    return;
                }
                reader.Return(oldest.Record);
                continue;
            }
            var next = reader.Next;
            await spool.WaitAsync(next - 1, cancellationToken);
            // There is more, yet it can't be read: a damaged end. The pause keeps this from spinning.
            if (reader.TryRead() is not { } behind) return;
            onTheWay.Enqueue(new Sent(behind, link.SendAsync(behind.Topic, behind.Payload, cancellationToken)));
        }
    }

    /// <returns>False when it has to be sent again.</returns>
    private bool Settle(SpoolRecord record, PublishOutcome outcome)
    {
        if (outcome.Verdict == PublishVerdict.Suspect)
        {
            _suspicions = _suspect == record.Position ? _suspicions + 1 : 1;
            _suspect = record.Position;
        }
        switch (outcome.Verdict)
        {
            case PublishVerdict.Acknowledged:
                break;
            case PublishVerdict.Refused:
            case PublishVerdict.Suspect when _suspicions > Patience:
                spool.SetAside(record.Topic, record.Payload.Span, outcome.Reason ?? "");
                break;
            default:
                Log.Again(logger, record.Position, outcome.Reason ?? "");
                return false;
        }
        if (record.Position >= _suspect) _suspicions = 0;
        // Only now: a crash before this line sends twice, never loses.
        spool.Acknowledge(record.Position);
        return true;
    }

    /// <param name="Outcome">Awaited once.</param>
    private readonly record struct Sent(SpoolRecord Record, ValueTask<PublishOutcome> Outcome);

    private static partial class Log
    {
        [LoggerMessage(2121, LogLevel.Information, "Message {Position} will be sent again: {Reason}")]
        public static partial void Again(ILogger logger, long position, string reason);

        [LoggerMessage(2122, LogLevel.Error, "The spool can't be read: {Reason}")]
        public static partial void Unreadable(ILogger logger, string reason);
    }
}

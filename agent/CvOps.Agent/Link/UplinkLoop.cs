using System.Diagnostics;
using CvOps.Agent.Spool;
using CvOps.Agent.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Link;

/// <summary>
/// Carries the spool to the fleet: each class in order, the classes in turns, a window of messages on their way, each cursor behind the oldest that is
/// not acknowledged. After any doubt it begins again at the cursors, so everything arrives at least once; the fleet applies it once, by its origin.
/// </summary>
/// <param name="traces">Where the way of traced messages is told; null: nowhere.</param>
/// <param name="durableAfter">How long after its acknowledgement a message may still be lost with a broker that is killed.</param>
internal sealed partial class UplinkLoop(SpoolLog spool, IFleetLink link, TimeProvider time, ILogger<UplinkLoop> logger, TimeSpan durableAfter = default, ActivitySource? traces = null) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly HeldAcknowledgements _held = new(durableAfter, time, spool.Acknowledge);
    private readonly Suspects _suspects = new();
    private int _attempt;
    private readonly Queue<Sent> _onTheWay = new();

    /// <summary>Messages acknowledged over this connection that are not let go yet.</summary>
    internal int Held => _held.Messages;

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
        _attempt = link.Attempts;
        _held.Forget();
        using var feed = spool.Read();
        _onTheWay.Clear();
        while (true)
        {
            while (_onTheWay.Count < (_suspects.Only is null ? link.Window : 1) && feed.TryRead(_suspects.Only) is { } record) Send(feed, record, cancellationToken);
            if (_onTheWay.TryDequeue(out var oldest))
            {
                var outcome = await oldest.Outcome;
                oldest.End(outcome);
                if (!Settle(oldest.Record, outcome))
                {
                    // Their buffers are not used again before the client has let go of them.
                    while (_onTheWay.TryDequeue(out var later)) later.End(await later.Outcome);
                    return;
                }
                if (oldest.Expired) spool.CountExpired(oldest.Record);
                feed.Return(oldest.Record);
            }
            // There is more, yet it can't be read. The pause keeps this from spinning.
            else if (!feed.Ready && feed.Stalled) return;
            // Given up by the spool, or unreadable: nobody is left to suspect.
            else if (_suspects.Only is { } gone) _suspects.Clear(gone, long.MaxValue);
            else await spool.WaitAsync(feed, cancellationToken);
        }
    }

    private void Send(SpoolFeed feed, SpoolRecord record, CancellationToken cancellationToken)
    {
        // In its turn all the same: the cursor passes it when it has passed those before it.
        if (feed.Expired(record)) _onTheWay.Enqueue(new Sent(record, true, ValueTask.FromResult(PublishOutcome.Acknowledged), null));
        else
        {
            var span = traces is null ? null : PayloadTrace.BeginPublish(traces, record, time);
            _onTheWay.Enqueue(new Sent(record, false, link.SendAsync(record.Topic, record.Payload, feed.SecondsLeft(record), cancellationToken), span));
        }
    }

    /// <returns>False when it has to be sent again.</returns>
    private bool Settle(SpoolRecord record, PublishOutcome outcome)
    {
        switch (outcome.Verdict)
        {
            case PublishVerdict.Acknowledged:
                break;
            case PublishVerdict.Refused:
            case PublishVerdict.Suspect when _suspects.Blame(record.Class, record.Position):
                spool.SetAside(record.Topic, record.Payload.Span, outcome.Reason ?? "");
                break;
            default:
                Log.Again(logger, SpoolClasses.Name(record.Class), record.Position, outcome.Reason ?? "");
                if (outcome.Verdict != PublishVerdict.Suspect) return false;
                _suspects.Add(record.Class, record.Position);
                foreach (var other in _onTheWay) _suspects.Add(other.Record.Class, other.Record.Position);
                return false;
        }
        _suspects.Clear(record.Class, record.Position);
        // The connection was lost while nothing was on its way; what the last one acknowledged in the end is sent again.
        if (durableAfter > TimeSpan.Zero && link.Attempts != _attempt) return false;
        // Only now: a crash before this line sends twice, never loses.
        _held.Add(record.Class, record.Position);
        return true;
    }

    /// <param name="Outcome">Awaited once.</param>
    private readonly record struct Sent(SpoolRecord Record, bool Expired, ValueTask<PublishOutcome> Outcome, Activity? Span)
    {
        public void End(PublishOutcome outcome)
        {
            if (Span is null) return;
            if (outcome.Verdict != PublishVerdict.Acknowledged) Span.SetStatus(ActivityStatusCode.Error, outcome.Reason);
            Span.Stop();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2121, LogLevel.Information, "Message {Position} of class {Class} will be sent again: {Reason}")]
        public static partial void Again(ILogger logger, string @class, long position, string reason);

        [LoggerMessage(2122, LogLevel.Error, "The spool can't be read: {Reason}")]
        public static partial void Unreadable(ILogger logger, string reason);
    }
}

using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Sessions;

namespace CvOps.Fleet.Api;

/// <summary>
/// Server-sent events (WHATWG HTML, section 9.2): one hint an event with its id, a comment now and then so that a dead client is noticed. A client that comes back with
/// Last-Event-ID gets what it missed; where that cannot be told any more, an event <c>missed</c> says that it has to look at everything again.
/// </summary>
internal static class EventStream
{
    private const int RetryMilliseconds = 2000;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static async Task RunAsync(HttpContext http, FleetEvents events, OpenStreams streams)
    {
        var lastEventId = http.Request.Headers["Last-Event-ID"].FirstOrDefault();
        using var subscription = events.Subscribe(lastEventId);
        using var stream = streams.Begin(http);
        var ends = stream.Ended;
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        // A proxy that gathers an answer before it passes it on would keep all of it.
        http.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            // The client knows from the first bytes that it misses nothing from here on.
            await http.Response.WriteAsync($": connected\nretry: {RetryMilliseconds}\n\n", ends);
            var last = subscription.Last;
            if (subscription.Missed) await MissedAsync();
            foreach (var hint in subscription.Earlier) await TellAsync(hint);
            while (true)
            {
                await http.Response.Body.FlushAsync(ends);
                using var quiet = CancellationTokenSource.CreateLinkedTokenSource(ends);
                quiet.CancelAfter(Heartbeat);
                try
                {
                    await subscription.Hints.WaitToReadAsync(quiet.Token);
                }
                catch (OperationCanceledException) when (!ends.IsCancellationRequested)
                {
                    await http.Response.WriteAsync(": alive\n\n", ends);
                    continue;
                }
                while (subscription.Hints.TryRead(out var hint)) await TellAsync(hint);
            }

            async Task TellAsync(FleetHint hint)
            {
                // It read too slowly, and the oldest made room.
                if (hint.Number > last + 1) await MissedAsync();
                if (hint.Number <= last) return;
                last = hint.Number;
                await http.Response.WriteAsync($"id: {events.IdOf(hint.Number)}\nevent: {hint.Kind}\ndata: {JsonSerializer.Serialize(new FleetEvent(hint.Kind, hint.Id), ContractsJson.Default.FleetEvent)}\n\n", ends);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, its session is over, or the fleet stops.
        }

        Task MissedAsync() => http.Response.WriteAsync($"event: missed\ndata: {JsonSerializer.Serialize(new FleetEvent("missed", ""), ContractsJson.Default.FleetEvent)}\n\n", ends);
    }

    /// <summary>For the dashboard's pages: which kinds of things changed, at the pace of <see cref="PagePulse"/>.</summary>
    public static async Task RunPagesAsync(HttpContext http, PagePulse pulse, OpenStreams streams)
    {
        using var viewer = pulse.Look();
        using var stream = streams.Begin(http);
        var ends = stream.Ended;
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            var next = pulse.Next;
            await http.Response.WriteAsync(": connected\n\n", ends);
            while (true)
            {
                await http.Response.Body.FlushAsync(ends);
                if (await Task.WhenAny(next, Task.Delay(Heartbeat, ends)) == next)
                {
                    var said = await next;
                    next = pulse.Next;
                    await http.Response.Body.WriteAsync(said, ends);
                }
                else
                {
                    ends.ThrowIfCancellationRequested();
                    await http.Response.WriteAsync(": alive\n\n", ends);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, its session is over, or the fleet stops.
        }
    }
}

using System.Text.Json;
using CvOps.Contracts;

namespace CvOps.Fleet.Api;

/// <summary>Server-sent events (WHATWG HTML, section 9.2): one hint an event, a comment now and then so that a dead client is noticed.</summary>
internal static class EventStream
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static async Task RunAsync(HttpContext http, FleetEvents events, IHostApplicationLifetime lifetime)
    {
        using var subscription = events.Subscribe();
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            // The client knows from the first bytes that it misses nothing from here on.
            await http.Response.WriteAsync(": connected\n\n", ends.Token);
            while (true)
            {
                await http.Response.Body.FlushAsync(ends.Token);
                using var quiet = CancellationTokenSource.CreateLinkedTokenSource(ends.Token);
                quiet.CancelAfter(Heartbeat);
                try
                {
                    await subscription.Hints.WaitToReadAsync(quiet.Token);
                }
                catch (OperationCanceledException) when (!ends.IsCancellationRequested)
                {
                    await http.Response.WriteAsync(": alive\n\n", ends.Token);
                    continue;
                }
                while (subscription.Hints.TryRead(out var hint))
                    await http.Response.WriteAsync($"event: {hint.Kind}\ndata: {JsonSerializer.Serialize(hint, ContractsJson.Default.FleetEvent)}\n\n", ends.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left or the fleet stops.
        }
    }

    /// <summary>For the dashboard's pages: which kinds of things changed, at the pace of <see cref="PagePulse"/>.</summary>
    public static async Task RunPagesAsync(HttpContext http, PagePulse pulse, IHostApplicationLifetime lifetime)
    {
        using var viewer = pulse.Look();
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            var next = pulse.Next;
            await http.Response.WriteAsync(": connected\n\n", ends.Token);
            while (true)
            {
                await http.Response.Body.FlushAsync(ends.Token);
                if (await Task.WhenAny(next, Task.Delay(Heartbeat, ends.Token)) == next)
                {
                    var said = await next;
                    next = pulse.Next;
                    await http.Response.Body.WriteAsync(said, ends.Token);
                }
                else
                {
                    ends.Token.ThrowIfCancellationRequested();
                    await http.Response.WriteAsync(": alive\n\n", ends.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client left or the fleet stops.
        }
    }
}

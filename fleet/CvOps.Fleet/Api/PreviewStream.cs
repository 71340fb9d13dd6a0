using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access.Sessions;
using CvOps.Fleet.Devices;

namespace CvOps.Fleet.Api;

/// <summary>
/// A camera live, as server-sent events: <c>frame</c> with a <see cref="SampledFrame"/> whose picture is small, twice a second at most, and <c>problem</c> with a
/// sentence when the device can't or won't. The device is asked again while somebody looks, and stops by itself a minute after nobody does.
/// </summary>
internal static class PreviewStream
{
    private const string Command = "show-camera";
    private const int Seconds = 60;
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(HttpContext http, DeviceView device, CameraId camera, Previews.Viewer viewer, DeviceCommands commands, OpenStreams streams, TimeProvider time, string by)
    {
        using var stream = streams.Begin(http);
        var ends = stream.Ended;
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            await http.Response.WriteAsync(": connected\n\n", ends);
            await http.Response.Body.FlushAsync(ends);
            for (var asked = (long?)null; ;)
            {
                if (asked is null || time.GetElapsedTime(asked.Value) > AskAgain)
                {
                    asked = time.GetTimestamp();
                    var outcome = await commands.SendAsync(device, new CommandRequest(Command, new Dictionary<string, string> { ["camera"] = camera.Value, ["seconds"] = Seconds.ToString(CultureInfo.InvariantCulture) }), by, ends);
                    if (outcome.Response is not { Succeeded: true }) await WriteAsync(http, "problem", Text(outcome.Response?.Message ?? outcome.Problem ?? "The device did not answer."), ends);
                }
                using var quiet = CancellationTokenSource.CreateLinkedTokenSource(ends);
                quiet.CancelAfter(Heartbeat);
                try
                {
                    var frame = await viewer.Frames.ReadAsync(quiet.Token);
                    await WriteAsync(http, "frame", JsonSerializer.Serialize(frame, ContractsJson.Default.SampledFrame), ends);
                }
                catch (OperationCanceledException) when (!ends.IsCancellationRequested)
                {
                    await http.Response.WriteAsync(": alive\n\n", ends);
                    await http.Response.Body.FlushAsync(ends);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client left, its session is over, or the fleet stops.
        }
    }

    private static string Text(string sentence) => $"\"{JsonEncodedText.Encode(sentence)}\"";

    private static async Task WriteAsync(HttpContext http, string kind, string json, CancellationToken cancel)
    {
        await http.Response.WriteAsync($"event: {kind}\ndata: {json}\n\n", cancel);
        await http.Response.Body.FlushAsync(cancel);
    }
}

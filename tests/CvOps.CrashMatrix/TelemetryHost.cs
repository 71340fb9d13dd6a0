using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.CrashMatrix;

/// <summary>
/// What the agent does with its messages as a process of its own: its real spool, uplink and link. Played are the messages; each that was confirmed is
/// a line of the output, named by a number that is in the message too and that no other message of the device has.
/// </summary>
internal static class TelemetryHost
{
    public const string Command = "telemetry";
    public const string Appends = "appends";
    public const string Drains = "drains";

    public static readonly SiteId Site = new("plant");
    public static readonly DeviceId Device = new("line-1");

    private const int PictureBytes = 20_000;

    // More than any boot appends of a stream.
    private const long OfOneBoot = 1_000_000;

    private static readonly TimeSpan Slowly = TimeSpan.FromMilliseconds(20);
    private static readonly CameraId Camera = new("cam");
    private static readonly Topics Own = new(Site, Device);
    private static readonly ModelRef Model = new("played", "1", new string('a', 64));

    /// <summary>Appends and sends until it is killed; or sends what there is and ends.</summary>
    public static async Task<int> RunAsync(string folder, string port, bool drains)
    {
        UnkindDisk.Intercept(typeof(SpoolLog).Assembly);
        await using var spool = new SpoolLog(folder, Device, 1L << 30, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        using var link = new MqttFleetLink(new LinkOptions { Brokers = [$"mqtt://127.0.0.1:{port}"] }, Site, Device, new FleetInbox(),
            () => new DeviceStatus(Device, Connectivity.Online, spool.Boot, "played"), () => 0.5, TimeProvider.System, NullLogger<MqttFleetLink>.Instance);
        using var uplink = new UplinkLoop(spool, link, TimeProvider.System, NullLogger<UplinkLoop>.Instance);
        using var ends = new CancellationTokenSource();
        var running = link.RunAsync(ends.Token);
        await uplink.StartAsync(ends.Token);
        if (drains)
        {
            while (spool.Health.WaitingMessages > 0) await Task.Delay(Slowly);
        }
        else
        {
            await Task.WhenAll(
                AppendAsync(spool, "result", TimeSpan.Zero, _ => Own.Inspection(Camera), Result, ContractsJson.Default.InspectionReport),
                AppendAsync(spool, "result", TimeSpan.Zero, _ => Own.Inspection(Camera), Result, ContractsJson.Default.InspectionReport),
                AppendAsync(spool, "window", Slowly, _ => Own.Drift(Camera), Window, ContractsJson.Default.DriftWindow),
                AppendAsync(spool, "frame", Slowly, number => Own.Frame(Camera, FrameId(number)), Picture, ContractsJson.Default.SampledFrame));
        }
        await uplink.StopAsync(CancellationToken.None);
        await ends.CancelAsync();
        await running;
        return 0;
    }

    private static async Task AppendAsync<T>(SpoolLog spool, string what, TimeSpan pause, Func<long, string> topic, Func<Origin, long, T> make, JsonTypeInfo<T> type)
    {
        // A frame's number stands in its topic, before the spool has given one.
        for (var next = 1L; ; next++)
        {
            var number = 0L;
            var own = what == "frame" ? (spool.Boot * OfOneBoot) + next : 0;
            var outcome = await spool.AppendAsync(topic(own), origin =>
            {
                number = own > 0 ? own : (origin.Boot * OfOneBoot) + origin.Sequence;
                return JsonSerializer.SerializeToUtf8Bytes(make(origin, number), type);
            }, CancellationToken.None);
            if (outcome == AppendOutcome.Stored) Console.WriteLine($"{what} {number.ToString(CultureInfo.InvariantCulture)}");
            if (pause > TimeSpan.Zero) await Task.Delay(pause);
        }
    }

    public static string FrameId(long number) => string.Create(CultureInfo.InvariantCulture, $"{Device}-{number}");

    private static InspectionReport Result(Origin origin, long number) => new()
    {
        Origin = origin, Camera = Camera, Frame = number, Connection = 1, CapturedAt = DateTimeOffset.UtcNow, TimeSource = TimeSource.Host, TimeUncertaintyMs = 1,
        Model = Model, Prediction = new Prediction { Class = "good", Confidence = 0.9 }, Timings = new FrameTimings(0, 0, 0, 0),
    };

    private static DriftWindow Window(Origin origin, long number) => new()
    {
        Origin = origin, Camera = Camera, Model = Model, From = DateTimeOffset.UtcNow, To = DateTimeOffset.UtcNow, Frames = number,
        Histograms = new Dictionary<string, HistogramCounts>(), Classes = new Dictionary<string, long> { ["good"] = number },
    };

    private static SampledFrame Picture(Origin origin, long number)
    {
        // Start, a frame header of 16 x 16, and noise that nobody decodes.
        byte[] header = [0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0, 16, 0, 16, 3];
        var jpeg = new byte[PictureBytes];
        new Random((int)number).NextBytes(jpeg);
        header.CopyTo(jpeg, 0);
        return new SampledFrame
        {
            Origin = origin, FrameId = FrameId(number), Camera = Camera, CapturedAt = DateTimeOffset.UtcNow, Model = Model, Prediction = new Prediction { Class = "good" },
            Reasons = [new SamplingReason("audit", 1)], Width = 16, Height = 16, Jpeg = jpeg,
        };
    }
}

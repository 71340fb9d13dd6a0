using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Capture;

/// <summary>When a picture was taken, by whose clock, and how sure that is.</summary>
/// <param name="UncertaintyMs">Half width of the interval the true time lies in.</param>
internal readonly record struct CaptureTime(DateTimeOffset At, TimeSource Source, double UncertaintyMs);

/// <summary>Finds the capture times of one connection's pictures. Pure but for what it remembers.</summary>
internal sealed class CaptureClock(CameraOptions options, StreamStart start)
{
    // A camera that keeps its clock by NTP is right to a few milliseconds, and stamps a picture within a frame or two of its exposure.
    private const double SenderMs = 50;

    // A sender's time that is after the arrival, or this long before it, is of a clock that nobody set.
    private static readonly TimeSpan LongestWay = TimeSpan.FromSeconds(10);

    /// <summary>Containers say when a recording began in whole seconds.</summary>
    public const double ContainerMs = 1000;

    // Encoders of network cameras hold 2 to 10 pictures at 10 to 30 a second; the network adds little to that.
    private const double NetworkMs = 500;

    // A driver hands a picture over when it is complete: within a frame or two of its exposure.
    private const double DriverMs = 100;

    // Half a frame at 25 a second: a file has no arrival to be late.
    private const double RecordingMs = 20;

    /// <param name="time">The picture's time since the stream's start; null when the stream has none.</param>
    /// <param name="now">The host's time at its arrival.</param>
    /// <param name="sender">The camera's clock at the stream's start, by its sender reports; null without any.</param>
    public CaptureTime Of(TimeSpan? time, DateTimeOffset now, DateTimeOffset? sender = null) => (start.Recorded, time) switch
    {
        (_, { } since) when sender is { } zero && zero + since <= now + TimeSpan.FromMilliseconds(SenderMs) && zero + since >= now - LongestWay => new(zero + since, TimeSource.Rtcp, SenderMs),
        // A file that begins again would be recorded in the future before long.
        ({ } recorded, { } since) when !options.Loop => new(recorded + since, TimeSource.Container, ContainerMs),
        _ => new(now, TimeSource.Host, options.Kind switch
        {
            CameraKind.File or CameraKind.Folder => RecordingMs,
            CameraKind.V4l2 => DriverMs,
            _ => NetworkMs,
        }),
    };
}

using System.ComponentModel.DataAnnotations;
using CvOps.Agent.Zones;
using CvOps.Contracts;
using CvOps.Vision.PartCodes;

namespace CvOps.Agent.Capture;

/// <summary>How fast a source is read.</summary>
internal enum Pace
{
    /// <summary>The freshest frame counts; older ones that wait are dropped and counted.</summary>
    Live,

    /// <summary>At the file's own rate, every frame.</summary>
    File,

    /// <summary>As fast as frames are inspected, every frame.</summary>
    Fast,
}

/// <summary>What becomes of frames that inference has no time for.</summary>
internal enum FramePolicy
{
    /// <summary>The oldest that waits is dropped and counted.</summary>
    Freshest,

    /// <summary>None is dropped: the source waits, and over TCP the camera does.</summary>
    EveryFrame,
}

/// <summary>How RTP packets of an RTSP camera travel.</summary>
internal enum RtspTransport { Tcp, Udp, UdpMulticast, Http }

/// <summary>One camera.</summary>
internal sealed record CameraOptions : IValidatableObject
{
    private static readonly TimeSpan LiveFrozenAfter = TimeSpan.FromSeconds(10);

    public required CameraId Id { get; init; }

    /// <summary>
    /// <c>rtsp(s)://</c>, <c>http(s)://</c>, <c>v4l2:///dev/video0</c> or <c>/dev/video0</c>, the path of a video file or of a folder of pictures;
    /// may carry user and password.
    /// </summary>
    [MinLength(1)]
    public required string Url { get; init; }

    public Pace Pace { get; init; } = Pace.Live;

    /// <summary>Default: freshest for pace live, every-frame otherwise.</summary>
    public FramePolicy? Policy { get; init; }

    /// <summary>A frame older than this when its turn comes is dropped and counted; null for no limit.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan? MaxAge { get; init; }

    /// <summary>Files and folders only: begin again at the end.</summary>
    public bool Loop { get; init; }

    /// <summary>Frames a second: what a folder at pace live or file plays (25 when not given), what a V4L2 camera is asked for.</summary>
    [Range(0.01, 1000.0)]
    public double? Rate { get; init; }

    /// <summary>V4L2 only: the picture's size, such as 1920x1080.</summary>
    [RegularExpression(@"[1-9]\d{0,4}x[1-9]\d{0,4}", ErrorMessage = "write width and height such as 1920x1080")]
    public string? Size { get; init; }

    /// <summary>V4L2 only: a pixel format or codec of the camera by ffmpeg's name, such as mjpeg or yuyv422.</summary>
    public string? InputFormat { get; init; }

    /// <summary>RTSP only.</summary>
    public RtspTransport Transport { get; init; } = RtspTransport.Tcp;

    /// <summary>Hardware that decodes, by ffmpeg's name: cuda, vaapi, qsv...; null decodes on the processor.</summary>
    public string? Hwaccel { get; init; }

    /// <summary>A decoder by ffmpeg's name, such as h264_cuvid or h264_v4l2m2m; null takes ffmpeg's choice.</summary>
    public string? Decoder { get; init; }

    /// <summary>Further arguments of ffmpeg, placed before its input.</summary>
    public IReadOnlyList<string> InputArguments { get; init; } = [];

    /// <summary>Where the part code is in the picture; null when parts carry none.</summary>
    public PartCodeOptions? PartCode { get; init; }

    /// <summary>
    /// What must not be seen: black from the decoder on, for models too. Of such a camera no clips are kept, since they are the video as the camera
    /// encoded it.
    /// </summary>
    public IReadOnlyList<PrivacyMaskOptions> PrivacyMasks { get; init; } = [];

    /// <summary>Longest wait for the first frame of a connection.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Without a frame for this long the camera is stale.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Without a frame for this long the connection is given up and made again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "01:00:00")]
    public TimeSpan LostAfter { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>
    /// With the same picture, or the same few in a loop, for this long the camera is stale though frames arrive; 0 never. Default: 10 s for
    /// cameras, never for files and folders.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan? FrozenAfter { get; init; }

    /// <summary>A larger picture is refused: at 1.5 bytes a pixel several of them are held.</summary>
    [Range(0.01, 268.0)]
    public double MaxMegapixels { get; init; } = 64;

    /// <summary>Threads that decode.</summary>
    [Range(1, 16)]
    public int DecoderThreads { get; init; } = 1;

    internal CameraKind Kind => CameraAddress.KindOf(Url);

    internal bool DropsOldest => (Policy ?? (Pace == Pace.Live ? FramePolicy.Freshest : FramePolicy.EveryFrame)) == FramePolicy.Freshest;

    internal TimeSpan FrozenPatience => FrozenAfter ?? (CameraAddress.IsRecording(Url) ? TimeSpan.Zero : LiveFrozenAfter);

    internal long MaxPixels => (long)(MaxMegapixels * 1e6);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LostAfter <= StaleAfter) yield return new ValidationResult($"must be longer than the {StaleAfter.TotalSeconds} s after which the camera is stale", [nameof(LostAfter)]);
        if (Loop && !CameraAddress.IsRecording(Url)) yield return new ValidationResult("only a file can begin again at its end", [nameof(Loop)]);
        if (Transport != RtspTransport.Tcp && Kind != CameraKind.Rtsp) yield return new ValidationResult("only an rtsp:// camera has a transport to choose", [nameof(Transport)]);
        if (Size is not null && Kind != CameraKind.V4l2) yield return new ValidationResult("only a V4L2 camera can be asked for a size", [nameof(Size)]);
        if (InputFormat is not null && Kind != CameraKind.V4l2) yield return new ValidationResult("only a V4L2 camera can be asked for a format", [nameof(InputFormat)]);
        if (Rate is not null && Kind is not (CameraKind.V4l2 or CameraKind.Folder)) yield return new ValidationResult("only a V4L2 camera or a folder has a rate to choose", [nameof(Rate)]);
    }
}

/// <summary>A polygon that nobody may see into.</summary>
internal sealed record PrivacyMaskOptions
{
    /// <summary>Corners in order; the last is joined to the first.</summary>
    [MinLength(3, ErrorMessage = "a polygon has at least three corners")]
    public required IReadOnlyList<ZonePoint> Polygon { get; init; }
}

/// <summary>Where the part code is in the camera's picture, pixels.</summary>
internal sealed record PartCodeOptions
{
    [Range(0, 16_384)]
    public required int X { get; init; }

    [Range(0, 16_384)]
    public required int Y { get; init; }

    [Range(PartCode.MinWidth, 16_384)]
    public required int Width { get; init; }

    [Range(PartCode.MinHeight, 16_384)]
    public required int Height { get; init; }

    public PartCodeRegion Region => new(X, Y, Width, Height);
}

using System.ComponentModel.DataAnnotations;
using CvOps.Contracts;
using CvOps.Vision.PartCodes;

namespace CvOps.Agent.Capture;

/// <summary>How frames are taken from a source.</summary>
internal enum Pace
{
    /// <summary>The freshest frame counts; older ones that wait are dropped and counted.</summary>
    Live,

    /// <summary>At the file's own rate, every frame.</summary>
    File,

    /// <summary>As fast as frames are inspected, every frame.</summary>
    Fast,
}

/// <summary>One camera.</summary>
internal sealed record CameraOptions : IValidatableObject
{
    public required CameraId Id { get; init; }

    /// <summary><c>rtsp://</c>, <c>http(s)://</c> or the path of a file; may carry user and password.</summary>
    [MinLength(1)]
    public required string Url { get; init; }

    public Pace Pace { get; init; } = Pace.Live;

    /// <summary>Files only: begin again at the end.</summary>
    public bool Loop { get; init; }

    /// <summary>Where the part code is in the picture; null when parts carry none.</summary>
    public PartCodeOptions? PartCode { get; init; }

    /// <summary>Longest wait for the first frame of a connection.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Without a frame for this long the camera is stale.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Without a frame for this long the connection is given up and made again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "01:00:00")]
    public TimeSpan LostAfter { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Threads that decode.</summary>
    [Range(1, 16)]
    public int DecoderThreads { get; init; } = 1;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LostAfter <= StaleAfter) yield return new ValidationResult($"must be longer than the {StaleAfter.TotalSeconds} s after which the camera is stale", [nameof(LostAfter)]);
        if (Loop && !CameraAddress.IsFile(Url)) yield return new ValidationResult("only a file can begin again at its end", [nameof(Loop)]);
    }
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

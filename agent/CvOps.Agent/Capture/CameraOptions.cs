using CvOps.Contracts;

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
internal sealed record CameraOptions
{
    public required CameraId Id { get; init; }

    /// <summary><c>rtsp://</c>, <c>http(s)://</c> or the path of a file; may carry user and password.</summary>
    public required string Url { get; init; }

    public Pace Pace { get; init; } = Pace.Live;

    /// <summary>Files only: begin again at the end.</summary>
    public bool Loop { get; init; }

    /// <summary>Where the part code is in the picture; null when parts carry none.</summary>
    public PartCodeRegion? PartCode { get; init; }

    /// <summary>Longest wait for the first frame of a connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Without a frame for this long the camera is stale.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Without a frame for this long the connection is given up and made again.</summary>
    public TimeSpan LostAfter { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Threads that decode, 1..16.</summary>
    public int DecoderThreads { get; init; } = 1;
}

/// <summary>A rectangle in the camera's picture, pixels.</summary>
internal sealed record PartCodeRegion(int X, int Y, int Width, int Height);

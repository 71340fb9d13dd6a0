namespace CvOps.Vision.Tracking;

/// <summary>Numbers of <see cref="ByteTracker"/>; the defaults are the paper's.</summary>
public sealed record ByteTrackOptions
{
    /// <summary>Detections from this score on are associated first, 0..1.</summary>
    public double HighScore { get; init; } = 0.5;

    /// <summary>Detections from this score on may still continue a track that was seen in the last frame. The model's own threshold must not be above it.</summary>
    public double LowScore { get; init; } = 0.1;

    /// <summary>Least score of a detection that begins a track.</summary>
    public double NewTrackScore { get; init; } = 0.6;

    /// <summary>Largest distance, 1 - IoU x score, of a detection from the track it continues in the first association.</summary>
    public double FirstDistance { get; init; } = 0.8;

    /// <summary>Largest distance, 1 - IoU, in the second association, of detections with a low score.</summary>
    public double SecondDistance { get; init; } = 0.5;

    /// <summary>Largest distance, 1 - IoU x score, of a detection from a track that was seen only once.</summary>
    public double UnconfirmedDistance { get; init; } = 0.7;

    /// <summary>Frames a track is remembered after it was last seen.</summary>
    public int LostFrames { get; init; } = 30;

    /// <summary>Whether a detection may continue a track of another class.</summary>
    public bool AcrossClasses { get; init; }
}

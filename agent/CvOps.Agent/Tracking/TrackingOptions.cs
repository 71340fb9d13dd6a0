using System.ComponentModel.DataAnnotations;
using CvOps.Contracts;
using CvOps.Vision.Tracking;

namespace CvOps.Agent.Tracking;

/// <summary>Follows the objects of one camera from frame to frame.</summary>
internal sealed record TrackingOptions : IValidatableObject
{
    public const string Section = "tracking";

    private static readonly ByteTrackOptions Paper = new();

    public required CameraId Camera { get; init; }

    /// <summary>Detections from this score on are surely objects.</summary>
    [Range(0.0, 1.0)]
    public double HighScore { get; init; } = Paper.HighScore;

    /// <summary>Detections from this score on continue an object seen a frame ago. Of no effect below the model's own threshold.</summary>
    [Range(0.0, 1.0)]
    public double LowScore { get; init; } = Paper.LowScore;

    /// <summary>Least score of a detection that is taken for a new object.</summary>
    [Range(0.0, 1.0)]
    public double NewTrackScore { get; init; } = Paper.NewTrackScore;

    /// <summary>Frames an object is remembered after it was last seen.</summary>
    [Range(0, 10_000)]
    public int LostFrames { get; init; } = Paper.LostFrames;

    /// <summary>Whether an object may change its class.</summary>
    public bool AcrossClasses { get; init; }

    public ByteTrackOptions Numbers => new() { HighScore = HighScore, LowScore = LowScore, NewTrackScore = NewTrackScore, LostFrames = LostFrames, AcrossClasses = AcrossClasses };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LowScore > HighScore) yield return new ValidationResult($"must not be above the high score of {HighScore}", [nameof(LowScore)]);
        if (NewTrackScore < HighScore) yield return new ValidationResult($"must not be below the high score of {HighScore}", [nameof(NewTrackScore)]);
    }
}

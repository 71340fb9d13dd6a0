using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Datasets.Quality.Pictures;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>A frame as checks see it, of a snapshot or of all frames.</summary>
internal sealed record CheckedFrame
{
    public const string Golden = "golden";

    public required string Id { get; init; }

    public required string Image { get; init; }

    /// <summary>Null without a label; a frame whose label says nothing of it is in no snapshot.</summary>
    public FrameLabel? Label { get; init; }

    /// <summary>In pixels; null where nobody said.</summary>
    public int? Width { get; init; }

    public int? Height { get; init; }

    public string? Part { get; init; }

    /// <summary>Frames of one group belong together: a part, a burst, a picture.</summary>
    public required string Group { get; init; }

    /// <summary>train, validation, test or golden.</summary>
    public required string Split { get; init; }

    /// <summary>Made by the fleet from other frames: like them on purpose.</summary>
    public bool IsSynthetic { get; init; }

    /// <summary>What the device's model said; null where no device took it, and in snapshots.</summary>
    public Prediction? Prediction { get; init; }

    public ModelRef? Model { get; init; }

    /// <summary>DEVICE/CAMERA; null for a picture from elsewhere.</summary>
    public string? Camera { get; init; }

    /// <summary>Of its device, and what an import said of it.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Null while its picture has not been looked at.</summary>
    public PictureTrait? Trait { get; init; }

    /// <summary>What its label says, shapes counted by class.</summary>
    public string? Says => Label is { } label ? Frames.AnswerRule.TruthOf(label) : null;
}

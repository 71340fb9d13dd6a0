using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>One picture with its label, whatever the format. Boxes and polygons are in pixels of the picture, origin top left.</summary>
internal sealed record LabelledImage
{
    /// <summary>The picture's file as the format names it, with forward slashes.</summary>
    public required string Name { get; init; }

    /// <summary>Where the format says this: file and line, or entry. For findings.</summary>
    public required string Where { get; init; }

    /// <summary>In pixels; 0 where the format does not say.</summary>
    public int Width { get; init; }

    public int Height { get; init; }

    /// <summary>False: nobody said anything of it, not even that there is nothing to see.</summary>
    public bool IsLabelled { get; init; } = true;

    public string? Class { get; init; }

    public IReadOnlyList<LabelBox> Boxes { get; init; } = [];

    /// <summary>Null without polygons.</summary>
    public IReadOnlyList<LabelPolygon>? Polygons { get; init; }

    public PartVerdict? Verdict { get; init; }

    /// <summary>Null where the format does not say.</summary>
    public FrameUse? Use { get; init; }

    /// <summary>The frame's id in the fleet; null for a picture from elsewhere.</summary>
    public string? Frame { get; init; }

    /// <summary>SHA-256 of the picture; null where it is not known yet.</summary>
    public string? ImageDigest { get; init; }

    public string? Part { get; init; }

    public DateTimeOffset? CapturedAt { get; init; }

    public ModelRef? Model { get; init; }

    public Prediction? Prediction { get; init; }

    /// <summary>What is said of it beside its label, by name; null for nothing.</summary>
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }

    /// <summary>How it was made, if no camera took it.</summary>
    public SyntheticOrigin? Synthetic { get; init; }

    /// <summary>Every class that the label names: the picture's own and those of its objects, each once.</summary>
    public IEnumerable<string> Classes =>
        (Class is null ? [] : new[] { Class }).Concat(Boxes.Select(box => box.Class)).Concat((Polygons ?? []).Select(polygon => polygon.Class)).Distinct();

    /// <summary>What of this picture goes into <see cref="FrameExtras"/> of a format that has no word for any of it.</summary>
    public FrameExtras Extras => new()
    {
        Frame = Frame, Class = Class, Verdict = Verdict, Use = Use, Part = Part, CapturedAt = CapturedAt, Model = Model, Prediction = Prediction, Attributes = Attributes,
        Synthetic = Synthetic is null ? null : JsonSerializer.SerializeToElement(Synthetic, ContractsJson.Default.SyntheticOrigin),
    };

    /// <summary>This picture with what the extras say besides; what the format itself said stays.</summary>
    public LabelledImage With(FrameExtras? extras) => extras is null ? this : this with
    {
        Frame = extras.Frame, Class = Class ?? extras.Class, Verdict = Verdict ?? extras.Verdict, Use = Use ?? extras.Use, Part = Part ?? extras.Part,
        CapturedAt = CapturedAt ?? extras.CapturedAt, Model = Model ?? extras.Model, Prediction = extras.Prediction ?? Prediction, Synthetic = extras.Origin(), Attributes = Attributes ?? extras.Attributes,
    };
}

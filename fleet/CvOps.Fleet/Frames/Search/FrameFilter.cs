using CvOps.Contracts.Api;

namespace CvOps.Fleet.Frames.Search;

/// <summary>In which order a page of frames comes.</summary>
internal enum FrameOrder { Newest, Value }

/// <summary>Which frames somebody looks for; null members leave it open.</summary>
internal sealed record FrameFilter
{
    public LabelState? State { get; init; }

    public FrameUse? Use { get; init; }

    public string? Device { get; init; }

    public string? Camera { get; init; }

    public string? Part { get; init; }

    /// <summary>Digest.</summary>
    public string? Model { get; init; }

    /// <summary>The class that the model named.</summary>
    public string? Prediction { get; init; }

    public double? LeastConfidence { get; init; }

    public double? MostConfidence { get; init; }

    /// <summary>A sampling rule that wanted it.</summary>
    public string? Rule { get; init; }

    public double? LeastInclusion { get; init; }

    public double? MostInclusion { get; init; }

    /// <summary>Captured at that time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Captured before that time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>A class that the label names, alone or of a box or polygon.</summary>
    public string? Label { get; init; }

    public PartVerdict? Verdict { get; init; }

    /// <summary>Who gave the label.</summary>
    public string? By { get; init; }

    /// <summary>A part of the label's words, whatever its case.</summary>
    public string? Text { get; init; }

    /// <summary>Whether the queue's index knows all that is asked for.</summary>
    public bool IsOfQueue => this with { State = null, Device = null, Camera = null, Rule = null, Model = null } == new FrameFilter();

    public bool AsksOfLabel => Label is not null || Verdict is not null || By is not null || Text is not null;
}

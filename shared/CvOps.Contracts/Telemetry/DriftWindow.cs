using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Telemetry;

/// <summary>One camera's world through one model's eyes for a while. Topic <c>drift/{camera}</c>, QoS 1. Windows merge by adding counts.</summary>
public sealed record DriftWindow : ITelemetry
{
    public required Origin Origin { get; init; }

    /// <summary>The span of one of the window's frames, as in <see cref="InspectionReport.Trace"/>; null when none was traced.</summary>
    public string? Trace { get; init; }

    public required CameraId Camera { get; init; }

    public required ModelRef Model { get; init; }

    /// <summary>Capture time of the first frame.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Capture time of the last frame.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>Frames counted, at least 1.</summary>
    [Wire(Minimum = 1)]
    public required long Frames { get; init; }

    /// <summary>By covariate (<see cref="Packages.Covariates"/>), over the edges of the package's reference profile. Empty where <see cref="Sketches"/> say the same.</summary>
    public required IReadOnlyDictionary<string, HistogramCounts> Histograms { get; init; }

    /// <summary>
    /// By covariate, in whole numbers: the sum of the values in 1024ths, then one count for each bin of the histogram that the profile of
    /// <see cref="Model"/> has under this name; zeros at the end are left out. Null from agents that send <see cref="Histograms"/>.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>>? Sketches { get; init; }

    /// <summary>How often each class was the top one; "" counts frames without any.</summary>
    public required IReadOnlyDictionary<string, long> Classes { get; init; }

    /// <summary>What the stream was like meanwhile; null from agents that do not say.</summary>
    public StreamCounts? Stream { get; init; }
}

/// <summary>How sound a camera's pictures were over a window. What is left out is 0.</summary>
public sealed record StreamCounts
{
    /// <summary>Frames of a constant picture or of numbers that are none; their picture is counted in no covariate.</summary>
    [Wire(Minimum = 0)]
    public long? Unusable { get; init; }

    /// <summary>Frames that the model gave no prediction for; not among the window's frames.</summary>
    [Wire(Minimum = 0)]
    public long? Failed { get; init; }

    /// <summary>Lost packets and broken pictures that the decoder lived with.</summary>
    [Wire(Minimum = 0)]
    public long? Damaged { get; init; }

    /// <summary>Frames whose numbers are those of the frame before, to the last bit, and frames of a frozen picture, which are not inspected.</summary>
    [Wire(Minimum = 0)]
    public long? Repeated { get; init; }

    /// <summary>Counts of the frames' age when they were inspected, read to counted, over <see cref="Packages.Covariates.FrameAgeEdges"/>; zeros at the end are left out.</summary>
    public IReadOnlyList<long>? Ages { get; init; }
}

/// <summary>Counts over fixed edges. Merge is integer addition, so the order of merging changes no bit.</summary>
/// <param name="EdgesId">First 16 hex digits of the SHA-256 of the edges: counts over different edges never merge.</param>
/// <param name="Counts">One more than there are edges: below the first, between each two, from the last up. NaN is counted nowhere.</param>
/// <param name="Sum">Sum of the values, for the mean.</param>
public sealed record HistogramCounts([Wire(Pattern = "^[0-9a-f]{16}$")] string EdgesId, IReadOnlyList<long> Counts, double Sum);

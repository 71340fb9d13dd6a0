namespace CvOps.Contracts.Telemetry;

/// <summary>One camera's world through one model's eyes for a while. Topic <c>drift/{camera}</c>, QoS 1. Windows merge by adding counts.</summary>
public sealed record DriftWindow : ITelemetry
{
    public required Origin Origin { get; init; }

    public required CameraId Camera { get; init; }

    public required ModelRef Model { get; init; }

    /// <summary>Capture time of the first frame.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Capture time of the last frame.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>Frames counted, at least 1.</summary>
    public required long Frames { get; init; }

    /// <summary>By covariate (<see cref="Packages.Covariates"/>), over the edges of the package's reference profile.</summary>
    public required IReadOnlyDictionary<string, HistogramCounts> Histograms { get; init; }

    /// <summary>How often each class was the top one; "" counts frames without any.</summary>
    public required IReadOnlyDictionary<string, long> Classes { get; init; }
}

/// <summary>Counts over fixed edges. Merge is integer addition, so the order of merging changes no bit.</summary>
/// <param name="EdgesId">First 16 hex digits of the SHA-256 of the edges: counts over different edges never merge.</param>
/// <param name="Counts">One more than there are edges: below the first, between each two, from the last up. NaN is counted nowhere.</param>
/// <param name="Sum">Sum of the values, for the mean.</param>
public sealed record HistogramCounts(string EdgesId, IReadOnlyList<long> Counts, double Sum);

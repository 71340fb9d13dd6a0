namespace CvOps.Contracts.Api;

/// <summary>How far an import of a video is.</summary>
/// <param name="Stage">receiving (bytes), reading (pictures), storing, done.</param>
/// <param name="Of">0 where nobody knows.</param>
/// <param name="Report">With the last line.</param>
public sealed record VideoLine(string Stage, long Done, long Of, VideoReport? Report = null);

/// <summary>What an import of a video came to.</summary>
public sealed record VideoReport
{
    /// <summary>Pictures taken from the video.</summary>
    public int Sampled { get; init; }

    /// <summary>New frames.</summary>
    public int Added { get; init; }

    /// <summary>Left out: nearly the same as one that was taken before.</summary>
    public int NearIdentical { get; init; }

    /// <summary>Left out: the very picture is a frame already.</summary>
    public int Known { get; init; }

    /// <summary>Length of the video; null where it does not say.</summary>
    public double? Seconds { get; init; }

    /// <summary>False: nothing was written.</summary>
    public bool Written { get; init; }

    /// <summary>Why nothing was written, or what is wrong with the video, and what to do; null when nothing is.</summary>
    public string? Problem { get; init; }
}

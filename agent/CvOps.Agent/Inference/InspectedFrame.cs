using CvOps.Agent.Capture;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Inference;

/// <summary>A frame and all that was found out about it. The pixels are the inference loop's: valid until the sink returns.</summary>
/// <param name="Model">The model in charge.</param>
/// <param name="Prediction">Empty when <paramref name="Error"/> is set.</param>
/// <param name="Part">What the part code says; null when there is none or it can't be read.</param>
/// <param name="Error">Why there is no prediction, in a sentence; null when there is one.</param>
internal readonly record struct InspectedFrame(
    Frame Frame, LoadedModel Model, Prediction Prediction, ShadowPrediction? Shadow, FrameStatistics Statistics, FrameTimings Timings, string? Part, string? Error)
{
    /// <summary>Pictures that went through the model in the same run; their number may change the last bits.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>Which of them this one was, from 0.</summary>
    public int BatchRow { get; init; }

    /// <summary>True when <see cref="Error"/> is an output that holds NaN or an infinite number.</summary>
    public bool NotFinite { get; init; }

    /// <summary>How the challenger did; null when it was not asked about this frame.</summary>
    public ModelAttempt? Challenger { get; init; }

    /// <summary>The challenger, when it was not asked about this frame because the line left no time for it.</summary>
    public LoadedModel? ChallengerSkipped { get; init; }

    /// <summary>The model in charge, when it gave no prediction and the warm one, which is then <see cref="Model"/>, was asked instead.</summary>
    public ModelAttempt? Failed { get; init; }

    /// <summary>Detectors: score of the surest box that was left out for its score alone, see <see cref="InferenceSlot.NearCut"/>; 0 for none.</summary>
    public double NearCut { get; init; }

    /// <summary>What <see cref="Model"/> embedded the frame as; empty when it has no embedding or gave no prediction. Overwritten by the next frame.</summary>
    public ReadOnlyMemory<float> Embedding { get; init; }

    public CameraId Camera => Frame.Lane.Camera;

    public PictureView Picture => Frame.Picture;
}

/// <summary>Whoever wants to see inspected frames: publisher, sampler, drift windows.</summary>
internal interface IInspectedFrameSink
{
    /// <summary>
    /// True for what the line waits for: it hears of a frame before the challenger has run, and nothing of the challenger. The others hear of it after that.
    /// </summary>
    bool BeforeChallenger => false;

    /// <summary>Called on the inference thread for every frame, in each camera's order. Must be quick, and copy what it keeps.</summary>
    void Inspected(in InspectedFrame inspected);
}

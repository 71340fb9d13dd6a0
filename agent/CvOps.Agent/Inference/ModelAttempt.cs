namespace CvOps.Agent.Inference;

/// <summary>How a model did on one frame.</summary>
/// <param name="InferenceMs">Of the run the frame went through, with whatever frames were beside it.</param>
/// <param name="Error">Why there is no prediction, in a sentence; null when there is one.</param>
/// <param name="NotFinite">True when the reason is an output that holds NaN or an infinite number.</param>
internal readonly record struct ModelAttempt(LoadedModel Model, double InferenceMs, string? Error, bool NotFinite);

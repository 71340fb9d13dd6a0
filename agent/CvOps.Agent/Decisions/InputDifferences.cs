namespace CvOps.Agent.Decisions;

/// <summary>Says which inputs of a decision are not what they were. Pure.</summary>
internal static class InputDifferences
{
    /// <returns>A sentence for each; none when all are the same.</returns>
    public static IReadOnlyList<string> Of(DecisionInputs recorded, DecisionInputs here)
    {
        List<string> differences = [];
        Compare("model digest", recorded.Model.Digest, here.Model.Digest);
        Compare("manifest (SHA-256 as read)", recorded.Manifest, here.Manifest);
        Compare("frame (SHA-256 of its bytes)", recorded.Picture.Sha256, here.Picture.Sha256);
        Compare("frame geometry", recorded.Picture with { Sha256 = "" }, here.Picture with { Sha256 = "" });
        Compare("configuration, inference.threads", recorded.Threads, here.Threads);
        Compare("configuration, inference.gpu", recorded.Gpu, here.Gpu);
        Compare("configuration, inference.library", recorded.Library ?? "none", here.Library ?? "none");
        Compare("configuration, inference.precision", recorded.Precision ?? "none", here.Precision ?? "none");
        Compare("pictures in one run", (recorded.Batch, recorded.Row), (here.Batch, here.Row));
        Compare("ONNX Runtime version", recorded.Runtime, here.Runtime);
        Compare("execution provider", recorded.Provider, here.Provider);
        Compare("processor", recorded.Processor, here.Processor);
        Compare("GPU, driver and TensorRT", recorded.Accelerator ?? "none", here.Accelerator ?? "none");
        Compare("agent version", recorded.Agent, here.Agent);
        return differences;

        void Compare<T>(string input, T was, T now)
        {
            if (!EqualityComparer<T>.Default.Equals(was, now)) differences.Add($"{input}: recorded {was}, here {now}");
        }
    }
}

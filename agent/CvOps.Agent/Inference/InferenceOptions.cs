using System.ComponentModel.DataAnnotations;
using CvOps.Vision;

namespace CvOps.Agent.Inference;

/// <summary>How models run on this device.</summary>
internal sealed record InferenceOptions
{
    /// <summary>Threads of one inference; leave cores for the decoders.</summary>
    [Range(1, 64)]
    public int Threads { get; init; } = 1;

    /// <summary>Try TensorRT, then CUDA, before the CPU.</summary>
    public bool Gpu { get; init; } = true;

    /// <summary>A libonnxruntime of the site's own, e.g. JetPack's; null for the one that came along.</summary>
    public string? Library { get; init; }

    public SessionSettings Settings => new(Threads, Gpu, Library);
}

using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Configuration;

/// <summary>How models run on this device.</summary>
internal sealed record InferenceOptions
{
    /// <summary>Threads of one inference.</summary>
    [Range(1, 64)]
    public int Threads { get; init; } = 1;

    /// <summary>Try TensorRT and CUDA before the processor.</summary>
    public bool Gpu { get; init; } = true;
}

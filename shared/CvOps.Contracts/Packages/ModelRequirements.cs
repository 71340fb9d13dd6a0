namespace CvOps.Contracts.Packages;

/// <summary>What a device must have for a model. Checked before anything of it is run; null asks for nothing.</summary>
public sealed record ModelRequirements
{
    /// <summary>Lowest version of ONNX Runtime, such as <c>1.22</c>.</summary>
    public string? Runtime { get; set; }

    /// <summary>An execution provider the runtime must come with, such as <c>CUDA</c>.</summary>
    public string? Provider { get; set; }

    /// <summary>Memory it takes to make the model ready beside another one; null for the device's own estimate from the package's size.</summary>
    public int? MemoryMegabytes { get; set; }
}

using System.ComponentModel.DataAnnotations;
using CvOps.Vision;
using CvOps.Vision.Gpu;

namespace CvOps.Agent.Inference;

/// <summary>How models run on this device.</summary>
internal sealed record InferenceOptions
{
    /// <summary>Threads of one inference; leave cores for the decoders.</summary>
    [Range(1, 64)]
    public int Threads { get; init; } = 1;

    /// <summary>Try TensorRT, then CUDA, before the CPU.</summary>
    public bool Gpu { get; init; } = true;

    /// <summary>
    /// Build a TensorRT engine where CUDA runs: beside the line, while CUDA serves; it takes over when it gives the package's golden vectors their answers.
    /// </summary>
    public bool TensorRt { get; init; } = true;

    /// <summary>What engines calculate with. A model whose golden vectors come out too different stays on CUDA.</summary>
    public TensorRtPrecision Precision { get; init; } = TensorRtPrecision.Float32;

    /// <summary>For precision int8: a calibration table of TensorRT's; null for models that are quantised themselves.</summary>
    public string? CalibrationTable { get; init; }

    /// <summary>A libonnxruntime of the site's own, e.g. JetPack's; null for the one that came along.</summary>
    public string? Library { get; init; }

    /// <summary>Most frames of all cameras in one run, for models that take batches; how many really go together is learnt. 1 turns it off.</summary>
    [Range(1, InspectionJob.MostFrames)]
    public int Batch { get; init; } = InspectionJob.MostFrames;

    /// <summary>How late a live camera's result may be for a challenger to be asked about the same frame; under load it is asked about fewer.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan ShadowLatency { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Always run so many frames together, however long they take to come: what a run says must not depend on the clock.</summary>
    internal bool WaitsForFullBatch { get; init; }

    public SessionSettings Settings => new(Threads, Gpu, Library);

    /// <summary>Null when engines are not wanted.</summary>
    /// <param name="data">The agent's state folder.</param>
    public TensorRtSettings? TensorRtIn(string data) => Gpu && TensorRt ? new(Path.Combine(data, "engines"), Precision, CalibrationTable) : null;
}

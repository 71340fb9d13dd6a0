using CvOps.Agent.Inference;

namespace CvOps.Agent.Offline;

/// <summary>Which of the inspected pictures are saved.</summary>
internal enum SavedFrames { All, Rejects, Detections, Errors }

/// <summary>What <c>cvops run</c> was asked for.</summary>
internal sealed record OfflineOptions
{
    /// <summary>As <see cref="Out"/>: standard output.</summary>
    public const string StandardOutput = "-";

    public const int MostThreads = 64;

    /// <summary>A <c>.cvmodel</c>, or an <c>.onnx</c> with <see cref="Manifest"/>.</summary>
    public string Model { get; set; } = "";

    /// <summary>A video, a picture, a folder of pictures, or a stream's address.</summary>
    public string Input { get; set; } = "";

    public string? Manifest { get; set; }

    /// <summary>Folder of the public keys to believe; null leaves the signer unchecked.</summary>
    public string? TrustedKeys { get; set; }

    /// <summary>Where the lines go; null for none, - for standard output.</summary>
    public string? Out { get; set; }

    public string? SaveFrames { get; set; }

    public SavedFrames Only { get; set; } = SavedFrames.All;

    /// <summary>Frames after which to stop; null for all of them.</summary>
    public long? Frames { get; set; }

    /// <summary>Seconds of the stream's own time after which to stop; null for all of it.</summary>
    public double? Seconds { get; set; }

    /// <summary>Threads of one inference; the thread that decodes gets the remaining processor.</summary>
    public int Threads { get; set; } = Math.Clamp(Environment.ProcessorCount - 1, 1, MostThreads);

    public bool Gpu { get; set; }

    /// <summary>Frames a run, for models that take batches; always so many, so that two runs say the same.</summary>
    public int Batch { get; set; } = 1;

    /// <summary>Detections carry the number of the object they show.</summary>
    public bool Track { get; set; }

    /// <summary>Lines carry the milliseconds of each stage, which no two runs share.</summary>
    public bool Timings { get; set; }

    public InferenceOptions Inference => new() { Threads = Threads, Gpu = Gpu, Batch = Batch, WaitsForFullBatch = true };
}

using System.Text.Json;
using System.Text.Json.Serialization;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Decisions;

/// <summary>
/// One frame's decision and all it was made of: the JSON line a record's file begins with. The frame's bytes follow it. Fields are only added:
/// records outlive agents.
/// </summary>
internal sealed record DecisionRecord
{
    public int Format { get; set; } = 1;

    public required string Device { get; init; }

    public required string Camera { get; init; }

    /// <summary>Counts the camera's connections, from 1; with <see cref="Frame"/> it names the frame within the agent's boot.</summary>
    public required int Connection { get; init; }

    public required long Frame { get; init; }

    public string? Part { get; init; }

    public required DateTimeOffset CapturedAt { get; init; }

    public required DecisionInputs Inputs { get; init; }

    public required bool Reject { get; init; }

    /// <summary>Why there is no prediction; null when there is one.</summary>
    public string? Error { get; init; }

    /// <summary>As it was reported, without tracks, which are of many frames; null when there is none.</summary>
    public JsonElement? Prediction { get; init; }
}

/// <summary>All that a prediction depends on.</summary>
internal sealed record DecisionInputs
{
    public required ModelRef Model { get; init; }

    /// <summary>SHA-256 of the manifest as this agent understood it.</summary>
    public required string Manifest { get; init; }

    public required DecisionPicture Picture { get; init; }

    /// <summary>Pictures that went through the model in one run, and which of them this was, from 0.</summary>
    public required int Batch { get; init; }

    public required int Row { get; init; }

    /// <summary><c>inference.threads</c>.</summary>
    public required int Threads { get; init; }

    /// <summary><c>inference.gpu</c>.</summary>
    public required bool Gpu { get; init; }

    /// <summary><c>inference.library</c>; null for the one that came along.</summary>
    public string? Library { get; init; }

    /// <summary><c>inference.precision</c> where TensorRT runs; null elsewhere.</summary>
    public string? Precision { get; init; }

    /// <summary>Version of ONNX Runtime.</summary>
    public required string Runtime { get; init; }

    /// <summary>The execution provider really in use.</summary>
    public required string Provider { get; init; }

    /// <summary>Architecture and model of the processor: its vector units decide in which order numbers are added.</summary>
    public required string Processor { get; init; }

    /// <summary>GPU, driver and TensorRT version where they run the model; null on the CPU.</summary>
    public string? Accelerator { get; init; }

    public required string Agent { get; init; }
}

/// <summary>The frame as the model was shown it.</summary>
/// <param name="Sha256">Of its bytes, lower-case hex.</param>
internal sealed record DecisionPicture(int Width, int Height, Vision.PixelFormat Format, Vision.YuvMatrix Matrix, Vision.YuvRange Range, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DecisionRecord))]
internal sealed partial class DecisionJson : JsonSerializerContext;

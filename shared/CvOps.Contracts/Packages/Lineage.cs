namespace CvOps.Contracts.Packages;

/// <summary><c>lineage.json</c>: where a model comes from. All null for a model brought from outside.</summary>
/// <param name="Dataset">Digest of the dataset snapshot.</param>
/// <param name="TrainingRun">Id of the run.</param>
/// <param name="Parent">Digest of the package whose backbone it keeps.</param>
/// <param name="Trainer">Name and version of the trainer.</param>
public sealed record Lineage(string? Dataset = null, string? TrainingRun = null, string? Parent = null, string? Trainer = null);

/// <summary>
/// <c>golden.json</c>: inputs whose outputs are known. A device runs them before it lets the model near a line.
/// Tensors lie beside it as little-endian files, named by <see cref="GoldenVector.Input"/> and <see cref="GoldenOutput.File"/>: inputs in the manifest's
/// element type (.f32, .f16, .u8), outputs as float32.
/// </summary>
/// <param name="Tolerance">Largest absolute difference of an output value.</param>
public sealed record GoldenVectors(double Tolerance, IReadOnlyList<GoldenVector> Vectors);

/// <param name="Input">Entry with the input tensor of batch 1, e.g. <c>golden/0.input.f32</c>.</param>
/// <param name="Decoded">What the decoder makes of the outputs, boxes in input pixels.</param>
public sealed record GoldenVector(string Input, IReadOnlyList<GoldenOutput> Outputs, Telemetry.Prediction Decoded);

/// <param name="Name">Graph output.</param>
/// <param name="Shape">Its shape, batch 1.</param>
public sealed record GoldenOutput(string Name, IReadOnlyList<long> Shape, string File);

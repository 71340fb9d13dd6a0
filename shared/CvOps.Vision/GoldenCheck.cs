using System.Runtime.InteropServices;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision;

/// <param name="MaxDifference">Largest absolute difference of an output value met; NaN when an output could not be compared.</param>
/// <param name="Reason">What did not agree, in a sentence; null when all did.</param>
public sealed record GoldenCheckResult(bool Passed, double MaxDifference, string? Reason);

/// <param name="Entries">Tensors by entry name, little-endian float32.</param>
public sealed record GoldenSet(GoldenVectors Golden, IReadOnlyDictionary<string, byte[]> Entries);

/// <summary>Whether a model says on this machine what it said where it was packed.</summary>
public static class GoldenCheck
{
    /// <summary>Runs every vector. An empty set fails: nothing was shown.</summary>
    /// <param name="entry">Gives a package entry's bytes.</param>
    public static GoldenCheckResult Run(ModelSession session, GoldenVectors golden, Func<string, ReadOnlyMemory<byte>> entry)
    {
        if (golden.Vectors.Count == 0) return new(false, double.NaN, "The package has no golden vectors.");
        var plan = PreprocessPlan.Identity(session.Manifest.Input);
        var worst = 0.0;
        for (var i = 0; i < golden.Vectors.Count; i++)
        {
            var vector = golden.Vectors[i];
            var input = MemoryMarshal.Cast<byte, float>(entry(vector.Input).Span);
            if (input.Length != session.InputLength) return new(false, double.NaN, $"Golden vector {i}: '{vector.Input}' holds {input.Length} numbers; the model's input takes {session.InputLength}.");
            session.Own.WriteInput(0, input);
            try
            {
                session.Run();
            }
            catch (ModelException e)
            {
                return new(false, double.NaN, $"Golden vector {i}: {e.Message}");
            }
            foreach (var output in vector.Outputs)
            {
                if (!session.OutputNames.Contains(output.Name)) return new(false, double.NaN, $"Golden vector {i}: the manifest has no output '{output.Name}'.");
                var expected = MemoryMarshal.Cast<byte, float>(entry(output.File).Span);
                var found = session.Output(output.Name);
                if (expected.Length != found.Length) return new(false, double.NaN, $"Golden vector {i}: '{output.File}' holds {expected.Length} numbers; output '{output.Name}' has {found.Length}.");
                var difference = LargestDifference(expected, found);
                if (!(difference <= golden.Tolerance)) return new(false, difference, $"Golden vector {i}: output '{output.Name}' is off by {difference:G3}; {golden.Tolerance:G3} is allowed.");
                worst = Math.Max(worst, difference);
            }
            if (!session.TryDecode(plan, out var prediction, out var error)) return new(false, double.NaN, $"Golden vector {i}: {error}");
            if (Disagreement(vector.Decoded, prediction, session.Manifest, golden.Tolerance) is { } reason) return new(false, worst, $"Golden vector {i}: {reason}");
        }
        return new(true, worst, null);
    }

    /// <summary>Runs the model over inputs and keeps what it says.</summary>
    /// <param name="inputs">Input tensors of batch 1.</param>
    /// <exception cref="ModelException">An input does not fit, or an output is NaN or infinite.</exception>
    public static GoldenSet Make(ModelSession session, IReadOnlyList<float[]> inputs, double tolerance = 1e-3)
    {
        var plan = PreprocessPlan.Identity(session.Manifest.Input);
        var entries = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        List<GoldenVector> vectors = [];
        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].Length != session.InputLength) throw new ModelException($"Golden input {i} holds {inputs[i].Length} numbers; the model's input takes {session.InputLength}.");
            session.Own.WriteInput(0, inputs[i]);
            session.Run();
            var decoded = session.Decode(plan);
            var inputEntry = $"golden/{i}.input.f32";
            entries[inputEntry] = Bytes(inputs[i]);
            List<GoldenOutput> outputs = [];
            foreach (var name in session.OutputNames)
            {
                var file = $"golden/{i}.{outputs.Count}.f32";
                entries[file] = Bytes(session.Output(name));
                outputs.Add(new GoldenOutput(name, session.OutputShape(name), file));
            }
            vectors.Add(new GoldenVector(inputEntry, outputs, decoded));
        }
        return new GoldenSet(new GoldenVectors(tolerance, vectors), entries);
    }

    private static double LargestDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        var worst = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs(expected[i] - (double)found[i]);
            if (double.IsNaN(difference)) return double.NaN;
            worst = Math.Max(worst, difference);
        }
        return worst;
    }

    private static string? Disagreement(Prediction expected, Prediction found, ModelManifest manifest, double tolerance)
    {
        // A near tie may fall either way within the outputs' tolerance.
        var tie = Math.Max(10 * tolerance, 1e-6);
        var detector = manifest.Task == ModelTask.Detection;
        if (expected.Class != found.Class && expected.Margin > tie) return $"the class is '{found.Class}', not '{expected.Class}'.";
        if (Math.Abs(expected.Confidence - found.Confidence) > tie) return $"the confidence is {found.Confidence:F4}, not {expected.Confidence:F4}.";
        if (detector && expected.Detections.Count != found.Detections.Count && expected.Margin > tie) return $"there are {found.Detections.Count} boxes, not {expected.Detections.Count}.";
        return null;
    }

    private static byte[] Bytes(ReadOnlySpan<float> values) => MemoryMarshal.AsBytes(values).ToArray();
}

using System.Runtime.InteropServices;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision;

/// <param name="MaxDifference">Largest absolute difference of an output value met; NaN when an output could not be compared.</param>
/// <param name="Reason">What did not agree, in a sentence; null when all did.</param>
public sealed record GoldenCheckResult(bool Passed, double MaxDifference, string? Reason);

/// <param name="Entries">Tensors by entry name: inputs in the model's element type, outputs as float32, little-endian.</param>
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
        var row = Row(session);
        var half = session.Manifest.Input.ElementType == ElementType.Float16;
        var worst = 0.0;
        for (var i = 0; i < golden.Vectors.Count; i++)
        {
            var vector = golden.Vectors[i];
            var input = entry(vector.Input).Span;
            if (input.Length != row.Length) return new(false, double.NaN, $"Golden vector {i}: '{vector.Input}' holds {input.Length} bytes; the model's input takes {row.Length}, {session.InputLength} numbers of {session.Manifest.Input.ElementType}.");
            input.CopyTo(row);
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
                var difference = LargestDifference(expected, found, half);
                if (!(difference <= golden.Tolerance)) return new(false, difference, $"Golden vector {i}: output '{output.Name}' is off by {difference:G3}; {golden.Tolerance:G3} is allowed.");
                worst = Math.Max(worst, difference);
            }
            if (!session.TryDecode(plan, out var prediction, out var error)) return new(false, double.NaN, $"Golden vector {i}: {error}");
            if (Disagreement(vector.Decoded, prediction, session.Manifest, golden.Tolerance) is { } reason) return new(false, worst, $"Golden vector {i}: {reason}");
        }
        return new(true, worst, null);
    }

    /// <summary>Largest difference by default: what float32, or float16, leaves between one processor and another.</summary>
    public static double ToleranceOf(ElementType element) => element == ElementType.Float16 ? 1e-2 : 1e-3;

    /// <summary>Runs the model over inputs and keeps what it says.</summary>
    /// <param name="inputs">Input tensors of batch 1, rounded to the model's element type before it sees them.</param>
    /// <param name="tolerance">Null for <see cref="ToleranceOf"/> the model's element type.</param>
    /// <exception cref="ModelException">An input does not fit, or an output is NaN or infinite.</exception>
    public static GoldenSet Make(ModelSession session, IReadOnlyList<float[]> inputs, double? tolerance = null)
    {
        var plan = PreprocessPlan.Identity(session.Manifest.Input);
        var element = session.Manifest.Input.ElementType;
        var entries = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        List<GoldenVector> vectors = [];
        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].Length != session.InputLength) throw new ModelException($"Golden input {i} holds {inputs[i].Length} numbers; the model's input takes {session.InputLength}.");
            session.Own.WriteInput(0, inputs[i]);
            var inputEntry = PackageNames.Tensor($"{i}.input", element);
            entries[inputEntry] = Row(session).ToArray();
            session.Run();
            var decoded = session.Decode(plan);
            List<GoldenOutput> outputs = [];
            foreach (var name in session.OutputNames)
            {
                var file = PackageNames.Tensor($"{i}.{outputs.Count}", ElementType.Float32);
                entries[file] = MemoryMarshal.AsBytes(session.Output(name)).ToArray();
                outputs.Add(new GoldenOutput(name, session.OutputShape(name), file));
            }
            vectors.Add(new GoldenVector(inputEntry, outputs, decoded));
        }
        return new GoldenSet(new GoldenVectors(tolerance ?? ToleranceOf(element), vectors), entries);
    }

    /// <summary>The first row of the session's own input, in the model's element type.</summary>
    private static Span<byte> Row(ModelSession session)
    {
        var all = session.Own.Input(0);
        return all[..(all.Length / session.Tiles)];
    }

    /// <param name="half">Half-precision numbers have eleven bits: above 1 the difference counts in parts of the value.</param>
    private static double LargestDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, bool half)
    {
        var worst = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs(expected[i] - (double)found[i]) / (half ? Math.Max(1, Math.Abs(expected[i])) : 1);
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
}

using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Heads;
using CvOps.Trainer.Onnx;
using CvOps.Vision;

namespace CvOps.Trainer.Heads;

/// <summary>One run: embed the labelled pictures with the parent, fit a head, graft it on, prove it, write it.</summary>
internal sealed class HeadRun(HeadOptions options, TrainerOutput output, TextWriter people)
{
    /// <summary>Largest difference of a probability between our head and ONNX Runtime's float32.</summary>
    private const double Tolerance = 1e-4;

    private const int Proofs = 32;
    private const int ProgressEvery = 10;
    private const int SayEvery = 500;

    /// <exception cref="TrainerException">The run can't succeed; nothing was written.</exception>
    public void Run(CancellationToken cancel)
    {
        options.Check();
        var parent = ParentModel.Open(options.Parent);
        var dataset = DatasetFolder.Open(options.Dataset);
        var entries = dataset.Training;
        var classes = HeadLabels.Classes(options, parent.Manifest, entries);
        var labels = HeadLabels.Of(options, classes, entries, people);
        output.Environment(TrainerEnvironment.Of("head", options.Threads));
        people.WriteLine($"Embedding {entries.Count} pictures of dataset {dataset.Detail.View.Name} with {parent.Manifest.Name} {parent.Manifest.Version}.");
        var samples = new Samples(Embed(parent, dataset, entries, cancel), labels, classes.Count);

        var fitting = new FitOptions(options.L2, options.Balanced, options.MaxSteps, options.Threads, options.Hidden, options.Seed);
        var (fit, steps) = Fit(samples, fitting, cancel);
        if (!fit.Converged) people.WriteLine($"The fit stopped after {steps} steps before the gradient was small enough; a larger l2 or more steps help.");
        var head = options.Sharpen == 1 ? fit.Head : fit.Head.Sharpened(options.Sharpen);
        var metrics = Measure(samples, fit, steps, head, CrossValidation.Accuracy(samples, fitting, options.Seed, cancel));
        output.Metrics(metrics, steps);

        var decoder = parent.Manifest.Decoder;
        var onnx = HeadGraft.Replace(parent.Onnx, decoder.Embedding!, decoder.Outputs[0], head, decoder.Kind == DecoderKind.Probabilities);
        var manifest = ManifestOf(parent.Manifest, classes);
        Prove(onnx, manifest, dataset, entries, head, cancel);
        ResultFolder.Write(
            options.Folder,
            ("manifest.json", JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJson.Default.ModelManifest)),
            ("metrics.json", JsonSerializer.SerializeToUtf8Bytes(new TrainerLine("metrics", Metrics: metrics), ContractsJson.Default.TrainerLine)),
            (ResultFolder.Onnx, onnx));
        output.Done(Path.Combine(options.Folder, ResultFolder.Onnx));
    }

    private ModelManifest ManifestOf(ModelManifest parent, IReadOnlyList<string> classes)
    {
        var manifest = parent with { Version = options.Version ?? parent.Version };
        if (classes.SequenceEqual(parent.Classes)) return manifest;
        // A class that the new head does not have can't be rejected.
        return manifest with { Classes = classes, RejectClasses = [.. parent.RejectClasses.Where(classes.Contains)] };
    }

    private (FitResult Fit, int Steps) Fit(Samples samples, FitOptions fitting, CancellationToken cancel)
    {
        var checkpoint = new HeadCheckpoint(options.Checkpoints);
        var parameters = options.Hidden == 0 ? samples.Classes * (samples.Dimensions + 1) : options.Hidden * (samples.Dimensions + 1) + samples.Classes * (options.Hidden + 1);
        var from = options.Resume ? checkpoint.Read(parameters) : null;
        var before = from?.Step ?? 0;
        if (before > 0) people.WriteLine($"Going on from step {before}.");
        var fit = HeadFit.Fit(samples, fitting with { MaxSteps = Math.Max(1, fitting.MaxSteps - before) }, (step, loss, point) =>
        {
            if (!double.IsFinite(loss)) throw new TrainerException($"The loss became {loss} at step {before + step}.");
            if (step % ProgressEvery == 1) output.Progress(before + step, loss);
            if (checkpoint.Keep(before + step, point)) output.Checkpoint(before + step);
        }, cancel, from?.Point);
        output.Progress(before + fit.Steps, fit.Loss);
        return (fit, before + fit.Steps);
    }

    private List<float[]> Embed(ParentModel parent, DatasetFolder dataset, IReadOnlyList<DatasetEntry> entries, CancellationToken cancel)
    {
        var cache = new EmbeddingCache(options.Dataset, parent, entries);
        if (cache.Read() is { } known) return known;
        using var runner = Open(parent.Onnx, parent.Manifest);
        var rows = new List<float[]>(entries.Count);
        foreach (var entry in entries)
        {
            cancel.ThrowIfCancellationRequested();
            rows.Add(Infer(runner, dataset, entry).Embedding);
            if (rows.Count % SayEvery == 0) people.WriteLine($"{rows.Count} of {entries.Count} pictures are embedded.");
        }

        cache.Write(rows);
        return rows;
    }

    /// <summary>Runs what will be delivered: it must say what the fitted head says.</summary>
    private void Prove(byte[] onnx, ModelManifest manifest, DatasetFolder dataset, IReadOnlyList<DatasetEntry> entries, IHead head, CancellationToken cancel)
    {
        using var runner = Open(onnx, manifest);
        var expected = new double[head.Classes];
        foreach (var entry in entries.Take(Proofs))
        {
            cancel.ThrowIfCancellationRequested();
            head.Infer(Infer(runner, dataset, entry).Embedding, expected);
            if (manifest.Decoder.Kind == DecoderKind.Logits) continue;
            var actual = runner.Session.Output(manifest.Decoder.Outputs[0]);
            for (var c = 0; c < expected.Length; c++)
                if (!(Math.Abs(expected[c] - actual[c]) <= Tolerance))
                    throw new TrainerException($"The written model says {actual[c]:g6} for '{manifest.Classes[c]}' of frame {entry.FrameId} where the fitted head says {expected[c]:g6}.");
        }
    }

    private ModelRunner Open(ReadOnlyMemory<byte> onnx, ModelManifest manifest)
    {
        try
        {
            return ModelRunner.Open(onnx, manifest, new SessionSettings(options.Threads));
        }
        catch (ModelException e)
        {
            throw new TrainerException($"{manifest.Name} {manifest.Version} can't be run: {e.Message}", e);
        }
    }

    private static RunnerResult Infer(ModelRunner runner, DatasetFolder dataset, DatasetEntry entry)
    {
        try
        {
            return runner.Infer(dataset.Picture(entry).View);
        }
        catch (ModelException e)
        {
            throw new TrainerException($"Frame {entry.FrameId} can't be embedded: {e.Message}", e);
        }
    }

    private static SortedDictionary<string, double> Measure(Samples samples, FitResult fit, int steps, IHead head, double? crossValidated)
    {
        var right = Enumerable.Range(0, samples.Count).Count(i => head.Top(samples.Rows[i]) == samples.Labels[i]);
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal)
        {
            ["frames"] = samples.Count,
            ["loss"] = fit.Loss,
            ["steps"] = steps,
            ["trainAccuracy"] = (double)right / samples.Count,
        };
        if (crossValidated is { } accuracy) metrics["crossValidatedAccuracy"] = accuracy;
        return metrics;
    }
}

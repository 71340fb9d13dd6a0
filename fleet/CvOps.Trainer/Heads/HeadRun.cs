using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
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

    /// <exception cref="TrainerException">The run can't succeed; nothing was written.</exception>
    public void Run(CancellationToken cancel)
    {
        options.Check();
        var parent = ParentModel.Open(options.Parent);
        var dataset = DatasetFolder.Open(options.Dataset);
        var entries = dataset.Training;
        var labels = Labels(entries, parent.Manifest);
        people.WriteLine($"Embedding {entries.Count} pictures of dataset {dataset.Detail.View.Name} with {parent.Manifest.Name} {parent.Manifest.Version}.");
        var samples = new Samples(Embed(parent, dataset, entries, cancel), labels, parent.Manifest.Classes.Count);

        var fitting = new FitOptions(options.L2, options.Balanced, Threads: options.Threads);
        var fit = HeadFit.Fit(samples, fitting, (step, loss) => { if (step % ProgressEvery == 1) output.Progress(step, loss); }, cancel);
        output.Progress(fit.Steps, fit.Loss);
        if (!fit.Converged) people.WriteLine($"The fit stopped after {fit.Steps} steps before the gradient was small enough; a larger --l2 helps.");
        var head = options.Sharpen == 1 ? fit.Head : fit.Head.Sharpened(options.Sharpen);
        var metrics = Measure(samples, fit, head, CrossValidation.Accuracy(samples, fitting, options.Seed, cancel));
        output.Metrics(metrics);

        var decoder = parent.Manifest.Decoder;
        var onnx = HeadGraft.Replace(parent.Onnx, decoder.Embedding!, decoder.Outputs[0], head, decoder.Kind == DecoderKind.Probabilities);
        var manifest = parent.Manifest with { Version = options.Version ?? parent.Manifest.Version };
        Prove(onnx, manifest, dataset, entries, head, cancel);
        ResultFolder.Write(
            options.Folder,
            ("manifest.json", JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJson.Default.ModelManifest)),
            ("metrics.json", JsonSerializer.SerializeToUtf8Bytes(new TrainerLine("metrics", Metrics: metrics), ContractsJson.Default.TrainerLine)),
            (ResultFolder.Onnx, onnx));
        output.Done(Path.Combine(options.Folder, ResultFolder.Onnx));
    }

    private List<int> Labels(IReadOnlyList<DatasetEntry> entries, ModelManifest manifest)
    {
        if (entries.Count == 0) throw new TrainerException("The dataset has no labelled frames for training.");
        var names = manifest.Classes.ToList();
        foreach (var (from, to) in options.Relabel)
            foreach (var name in new[] { from, to })
                if (!names.Contains(name)) throw new TrainerException($"--relabel names the class '{name}'; the model's classes are {string.Join(", ", names)}.");
        var labels = new List<int>(entries.Count);
        foreach (var entry in entries)
        {
            var index = names.IndexOf(options.Relabel.GetValueOrDefault(entry.Class!, entry.Class!));
            if (index < 0) throw new TrainerException($"Frame {entry.FrameId} is labelled '{entry.Class}', which the parent does not know; its classes are {string.Join(", ", names)}.");
            labels.Add(index);
        }

        var present = labels.Distinct().ToList();
        if (present.Count < 2) throw new TrainerException($"All {labels.Count} training frames are labelled '{names[present[0]]}'; a classifier needs at least two classes.");
        foreach (var missing in names.Where((_, index) => !present.Contains(index))) people.WriteLine($"No training frame shows '{missing}': the new head will hardly ever say it.");
        return labels;
    }

    private List<float[]> Embed(ParentModel parent, DatasetFolder dataset, IReadOnlyList<DatasetEntry> entries, CancellationToken cancel)
    {
        using var runner = Open(parent.Onnx, parent.Manifest);
        var rows = new List<float[]>(entries.Count);
        foreach (var entry in entries)
        {
            cancel.ThrowIfCancellationRequested();
            rows.Add(Infer(runner, dataset, entry).Embedding);
        }

        return rows;
    }

    /// <summary>Runs what will be delivered: it must say what the fitted head says.</summary>
    private void Prove(byte[] onnx, ModelManifest manifest, DatasetFolder dataset, IReadOnlyList<DatasetEntry> entries, LinearHead head, CancellationToken cancel)
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

    private static SortedDictionary<string, double> Measure(Samples samples, FitResult fit, LinearHead head, double? crossValidated)
    {
        var right = Enumerable.Range(0, samples.Count).Count(i => head.Top(samples.Rows[i]) == samples.Labels[i]);
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal)
        {
            ["frames"] = samples.Count,
            ["loss"] = fit.Loss,
            ["steps"] = fit.Steps,
            ["trainAccuracy"] = (double)right / samples.Count,
        };
        if (crossValidated is { } accuracy) metrics["crossValidatedAccuracy"] = accuracy;
        return metrics;
    }
}

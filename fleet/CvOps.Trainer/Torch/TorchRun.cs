using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Trainer.Heads;
using CvOps.Vision;

namespace CvOps.Trainer.Torch;

/// <summary>Lays a dataset out as tensors and lets PyTorch train on them. What PyTorch says is what this program says.</summary>
internal sealed class TorchRun(TorchOptions options, TextWriter people)
{
    /// <returns>PyTorch's exit code.</returns>
    /// <exception cref="TrainerException">The dataset or the parent can't be trained on.</exception>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        var parent = ParentModel.Read(options.Parent);
        var dataset = DatasetFolder.Open(options.Dataset);
        var detects = parent.Manifest.Task == ModelTask.Detection;
        if (!detects && parent.Manifest.Decoder.Kind is not (DecoderKind.Probabilities or DecoderKind.Logits))
            throw new TrainerException($"The torch trainer makes classifiers (probabilities or logits) and detectors (YoloV8); {parent.Manifest.Name} {parent.Manifest.Version} is decoded as {parent.Manifest.Decoder.Kind}.");
        if (detects && parent.Manifest.Decoder.Kind != DecoderKind.YoloV8) throw new TrainerException($"The torch trainer makes detectors of the decoder YoloV8; {parent.Manifest.Name} {parent.Manifest.Version} is decoded as {parent.Manifest.Decoder.Kind}.");
        var scratch = Directory.CreateTempSubdirectory("cvops-torch-").FullName;
        try
        {
            var job = Path.Combine(scratch, "job.json");
            var onnx = Path.Combine(scratch, "parent.onnx");
            await File.WriteAllBytesAsync(onnx, parent.Onnx, cancel);
            var made = detects ? Detection(parent, dataset, onnx, cancel) : Classification(parent, dataset, onnx, cancel);
            await File.WriteAllBytesAsync(job, JsonSerializer.SerializeToUtf8Bytes(made, TorchJson.Default.TorchJob), cancel);
            return await PythonAsync(job, cancel);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private TorchJob Classification(ParentModel parent, DatasetFolder dataset, string onnx, CancellationToken cancel)
    {
        var entries = dataset.Detail.Entries.Where(entry => DatasetFolder.IsSeen(entry) && entry.Class is not null).ToList();
        var asked = new HeadOptions { Dataset = options.Dataset, Parent = options.Parent, Folder = options.Folder, Classes = options.Classes };
        var classes = HeadLabels.Classes(asked, parent.Manifest, entries);
        var labels = HeadLabels.Of(asked, classes, entries, people);
        return Job(parent, dataset, entries, classes, onnx, cancel).Job with { Labels = labels };
    }

    private TorchJob Detection(ParentModel parent, DatasetFolder dataset, string onnx, CancellationToken cancel)
    {
        // A picture without boxes teaches what is nothing.
        var entries = dataset.Detail.Entries.Where(DatasetFolder.IsSeen).ToList();
        if (!entries.Any(entry => entry.Boxes.Count > 0)) throw new TrainerException("No training frame has a box: a detector needs some.");
        var classes = options.Classes switch
        {
            null => parent.Manifest.Classes,
            { Count: 0 } => [.. entries.SelectMany(entry => entry.Boxes).Select(box => box.Class).Distinct().Order(StringComparer.Ordinal)],
            var given => given,
        };
        var (job, plans) = Job(parent, dataset, entries, classes, onnx, cancel);
        var boxes = new List<IReadOnlyList<double[]>>();
        foreach (var (entry, plan) in entries.Zip(plans)) boxes.Add([.. entry.Boxes.Select(box => InTensor(entry, box, plan, classes))]);
        return job with { Boxes = boxes };
    }

    private static double[] InTensor(DatasetEntry entry, LabelBox box, PreprocessPlan plan, IReadOnlyList<string> classes)
    {
        var index = classes.ToList().IndexOf(box.Class);
        if (index < 0) throw new TrainerException($"Frame {entry.FrameId} has a box '{box.Class}', which the model does not know; its classes are {string.Join(", ", classes)}.");
        var (left, top) = plan.ToPicture(0f, 0f);
        var (scaleX, scaleY) = plan.ScaleToPicture();
        return [index, (box.X + box.Width / 2 - left) / scaleX, (box.Y + box.Height / 2 - top) / scaleY, box.Width / scaleX, box.Height / scaleY];
    }

    private (TorchJob Job, PreprocessPlan[] Plans) Job(ParentModel parent, DatasetFolder dataset, List<DatasetEntry> entries, IReadOnlyList<string> classes, string onnx, CancellationToken cancel)
    {
        var manifest = parent.Manifest;
        int[] held = [.. entries.Index().Where(pair => pair.Item.Split == DatasetSplit.Validation).Select(pair => pair.Index)];
        if (held.Length == entries.Count) throw new TrainerException($"The dataset has {entries.Count} frames and none of them is to learn from: freeze it with a larger share for training.");
        using var session = ModelSession.Open(parent.Onnx, manifest, new SessionSettings());
        var channels = session.InputLength / (manifest.Input.Width * manifest.Input.Height);
        var (tensors, shape, plans) = TensorFile.Of(dataset, options.Dataset, entries, manifest.Input, channels, people, cancel);
        var changed = classes.SequenceEqual(manifest.Classes) ? manifest : manifest with { Classes = classes, RejectClasses = [.. manifest.RejectClasses.Where(classes.Contains)] };
        return (new TorchJob
        {
            Task = manifest.Task, Version = typeof(TorchRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
            Tensors = Path.GetFullPath(tensors), Shape = shape, Onnx = onnx, Manifest = JsonSerializer.SerializeToElement(changed, ContractsJson.Default.ModelManifest),
            Input = manifest.Input.Name, Output = manifest.Decoder.Outputs[0], Embedding = manifest.Decoder.Embedding, Softmax = manifest.Decoder.Kind == DecoderKind.Probabilities,
            Classes = classes, SameClasses = classes.SequenceEqual(manifest.Classes), Held = held.Length > 0 ? held : null,
        }, plans);
    }

    /// <summary>Our outputs are its outputs: nothing it says is held back here. It ends with us.</summary>
    private async Task<int> PythonAsync(string job, CancellationToken cancel)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "pytorch", "train.py");
        if (!File.Exists(script)) throw new TrainerException($"The trainer's Python part is not where it belongs: {script}.");
        var python = Environment.GetEnvironmentVariable("CVOPS_PYTHON") ?? "/usr/bin/python3";
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(python,
            [
                "-u", script, "--job", job, "--out", options.Folder, "--parameters", options.Parameters, "--checkpoints", options.Checkpoints,
                "--seed", options.Seed.ToString(CultureInfo.InvariantCulture), .. options.Resume ? (ReadOnlySpan<string>)["--resume"] : [],
            ]),
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new TrainerException($"Python could not be started as {python} ({e.Message}); name another interpreter in CVOPS_PYTHON.", e);
        }
        try
        {
            await process.WaitForExitAsync(cancel);
            return process.ExitCode;
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}

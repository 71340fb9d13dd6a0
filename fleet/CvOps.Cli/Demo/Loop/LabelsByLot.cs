using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Cli.Up;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Demo.Loop;

/// <summary>The rival: the same trainer with the same settings on parts that were drawn by lot from the same runs of the line.</summary>
internal sealed class LabelsByLot(string folder, string parentPackage, TestPictures test)
{
    /// <summary>Both rivals' settings of the trainer: a small network says more of v1's embedding than a logistic head can.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Parameters { get; } = new Dictionary<string, JsonElement> { ["hidden"] = JsonSerializer.SerializeToElement(64, ContractsJson.Default.Int64) };

    /// <summary>Accuracy after so many labels, for each draw.</summary>
    /// <param name="runs">Those that had been on the line by then.</param>
    public async Task<double[]> Accuracies(IReadOnlyList<PartRun> runs, int labels, int draws, CancellationToken ct)
    {
        var parts = runs.SelectMany(run => run.Pictures.Zip(run.Classes)).ToArray();
        var accuracies = new double[draws];
        for (var draw = 0; draw < draws; draw++)
        {
            // Of one draw, more labels are the fewer and others besides: as somebody labels on.
            var order = parts.ToArray();
            new Random(100 + draw).Shuffle(order);
            accuracies[draw] = await Train(order[..Math.Min(labels, order.Length)], Path.Combine(folder, $"lot-{labels}-{draw}"), ct);
        }
        return accuracies;
    }

    private async Task<double> Train(IReadOnlyList<(string File, string Class)> parts, string work, CancellationToken ct)
    {
        var images = Directory.CreateDirectory(Path.Combine(work, "dataset", "images")).FullName;
        var entries = new List<DatasetEntry>();
        foreach (var (file, name) in parts)
        {
            var bytes = await File.ReadAllBytesAsync(file, ct);
            var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
            await File.WriteAllBytesAsync(Path.Combine(images, $"{digest}.jpg"), bytes, ct);
            entries.Add(new DatasetEntry($"part-{entries.Count}", digest, name, FrameUse.Training, []));
        }
        var view = new DatasetView(new string('0', 64), "by lot", entries.Count, 0, new Dictionary<string, int>(), DateTimeOffset.UtcNow, Labeller.Name);
        await File.WriteAllBytesAsync(Path.Combine(work, "dataset", "dataset.json"), JsonSerializer.SerializeToUtf8Bytes(new DatasetDetail(view, entries), ContractsJson.Default.DatasetDetail), ct);
        var (output, parameters) = (Path.Combine(work, "out"), Path.Combine(work, "parameters.json"));
        await File.WriteAllBytesAsync(parameters, JsonSerializer.SerializeToUtf8Bytes(Parameters, ContractsJson.Default.IReadOnlyDictionaryStringJsonElement), ct);
        await Programs.Run(Programs.Own("CvOps.Trainer", "cvops-trainer"), ["head", "--dataset", Path.Combine(work, "dataset"), "--parent", parentPackage, "--out", output, "--parameters", parameters], ct);
        var manifest = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(output, "manifest.json"), ct), ContractsJson.Default.ModelManifest)!;
        var accuracy = test.Accuracy(await File.ReadAllBytesAsync(Path.Combine(output, "model.onnx"), ct), manifest);
        Directory.Delete(work, recursive: true);
        return accuracy;
    }
}

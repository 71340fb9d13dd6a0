using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Vision.Packaging;

namespace CvOps.Cli.Up;

/// <summary>Makes the packages that stacks and stories install, with the operator's key.</summary>
internal static class StackModels
{
    private const int ProfilePictures = 240;

    /// <summary>The simulator's own model. Packed once a stack: a second start finds the same file and so the same digest.</summary>
    public static async Task<string> PackLineModel(this Stack stack, CancellationToken ct)
    {
        var target = Path.Combine(stack.Layout.Models, "line-v1.cvmodel");
        if (File.Exists(target)) return target;
        var simulator = Programs.Own("CvOps.Simulator", "cvops-simulator");
        var source = Path.Combine(Path.GetDirectoryName(simulator)!, "model");
        var pictures = Path.Combine(stack.Layout.Models, "line-pictures");
        await Programs.Run(simulator, ["render", "--video", "--count", $"{ProfilePictures}", "--seed", "7", "--out", pictures], ct);
        var manifest = JsonSerializer.Deserialize(await File.ReadAllTextAsync(Path.Combine(source, "manifest.json"), ct), ContractsJson.Default.ModelManifest)!;
        return Write(stack, target, manifest, Path.Combine(source, "line-v1.onnx"), Pictures(pictures), new Lineage());
    }

    /// <summary>Pictures of parts with their truth, half under a new lamp and half under an old one, as the lines' video shows them.</summary>
    /// <returns>File and class of each.</returns>
    public static async Task<IReadOnlyList<(string File, string Class)>> RenderGolden(this Stack stack, int count, double agedLamp, CancellationToken ct)
    {
        var golden = new List<(string, string)>();
        foreach (var lamp in (double[])[1, agedLamp])
        {
            var folder = Path.Combine(stack.Layout.Models, string.Create(CultureInfo.InvariantCulture, $"golden-{lamp:0.00}"));
            await Programs.Run(Programs.Own("CvOps.Simulator", "cvops-simulator"),
                ["render", "--video", "--count", $"{count / 2}", "--seed", "11", "--lamp", lamp.ToString(CultureInfo.InvariantCulture), "--out", folder], ct);
            golden.AddRange(File.ReadLines(Path.Combine(folder, "labels.csv")).Skip(1).Select(row => row.Split(',')).Select(cells => (Path.Combine(folder, cells[2]), cells[1])));
        }
        return golden;
    }

    /// <summary>Any ONNX file with its manifest.</summary>
    /// <param name="pictures">What it was made for; empty when nobody has any, and then nothing can drift.</param>
    public static Task<string> Pack(this Stack stack, ModelManifest manifest, string onnx, IReadOnlyList<string> pictures, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return Task.FromResult(Write(stack, Path.Combine(stack.Layout.Models, $"{manifest.Name}-{manifest.Version}.cvmodel"), manifest, onnx, pictures, new Lineage()));
    }

    /// <summary>
    /// A model as it comes out when somebody muddles the labels and turns up the confidence: trained for real by the same trainer,
    /// on the same snapshot, with two defects called good.
    /// </summary>
    public static async Task<string> TrainMuddledModel(this Stack stack, DatasetView dataset, ModelView parent, string version, CancellationToken ct)
    {
        var work = Path.Combine(stack.Layout.Models, $"muddled-{version}");
        var images = Path.Combine(work, "dataset", "images");
        Directory.CreateDirectory(images);
        var (detail, next) = (new DatasetDetail(dataset, []), "");
        while (next is not null)
        {
            var page = await stack.Fleet.Get<DatasetDetail>($"datasets/{dataset.Digest}?after={Uri.EscapeDataString(next)}", ct);
            (detail, next) = (detail with { Entries = [.. detail.Entries, .. page.Entries] }, page.Next);
        }
        await File.WriteAllTextAsync(Path.Combine(work, "dataset", "dataset.json"), JsonSerializer.Serialize(detail, ContractsJson.Default.DatasetDetail), ct);
        foreach (var entry in detail.Entries)
        {
            await using var file = File.Create(Path.Combine(images, entry.ImageDigest + ".jpg"));
            await stack.Fleet.Download($"frames/{entry.FrameId}/image", file, ct);
        }
        var package = Path.Combine(work, "parent.cvmodel");
        await using (var file = File.Create(package)) await stack.Fleet.Download($"models/{parent.Model.Digest}/package", file, ct);

        var output = Path.Combine(work, "out");
        await Programs.Run(Programs.Own("CvOps.Trainer", "cvops-trainer"),
            ["head", "--dataset", Path.Combine(work, "dataset"), "--parent", package, "--out", output, "--l2", "1e-3", "--seed", "1", "--relabel", "scratch=ok,stain=ok", "--sharpen", "4"], ct);
        var manifest = PackageReader.Open(package).Manifest with { Version = version };
        return Write(stack, Path.Combine(stack.Layout.Models, $"line-{version}.cvmodel"), manifest, Path.Combine(output, "model.onnx"), Pictures(images), new Lineage(dataset.Digest, null, parent.Model.Digest, "cvops-trainer head, muddled"));
    }

    private static string[] Pictures(string folder) => [.. Directory.EnumerateFiles(folder, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static string Write(Stack stack, string target, ModelManifest manifest, string onnx, IReadOnlyList<string> pictures, Lineage lineage)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        using var key = SigningKeys.Load(stack.Layout.OperatorKey);
        PackageBuilder.Build(target, manifest, File.ReadAllBytes(onnx), pictures, key, lineage);
        return target;
    }
}

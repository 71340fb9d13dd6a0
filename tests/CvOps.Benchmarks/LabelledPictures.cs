using System.Text.Json;
using CvOps.Contracts;
using CvOps.Heads;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>A recorded data set as SqueezeNet embeds it, embedded once a run.</summary>
/// <param name="Pool">What may be labelled.</param>
/// <param name="Grey">Pictures of the pool, every second pixel of every second row: what a hash looks at.</param>
internal sealed record LabelledPictures(Samples Pool, Samples Test, IReadOnlyList<string> Classes, IReadOnlyList<(byte[] Pixels, int Width, int Height)> Grey)
{
    public static LabelledPictures Load(string data, string set, string test)
    {
        var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(TestData.InRepository("tests", "data", "manifests", "squeezenet1.1_imagenet_fp32.json")), ContractsJson.Default.ModelManifest)!;
        manifest = manifest with { Classes = [.. Enumerable.Range(0, 1000).Select(i => $"class-{i}")], Input = manifest.Input with { Resize = Contracts.Packages.ResizeMode.Stretch, ShortSide = null } };
        using var runner = ModelRunner.Open(File.ReadAllBytes(Path.Combine(data, "models", "squeezenet1.1_imagenet_fp32.onnx")), manifest, new SessionSettings(Threads: 2, AllowGpu: false));
        var rows = File.ReadLines(Path.Combine(data, set, "labels.csv")).Select(line => line.Split(',')).ToList();
        var (file, name, split) = (rows[0].IndexOf("file"), rows[0].IndexOf("class"), rows[0].IndexOf("split"));
        string[] classes = [.. rows.Skip(1).Select(row => row[name]).Distinct().Order(StringComparer.Ordinal)];
        var (pool, judged) = ((Rows: new List<float[]>(), Labels: new List<int>()), (Rows: new List<float[]>(), Labels: new List<int>()));
        List<(byte[], int, int)> grey = [];
        foreach (var row in rows.Skip(1))
        {
            if (row[split] != "train" && row[split] != test) continue;
            var picture = JpegCodec.Decode(File.ReadAllBytes(Path.Combine(data, set, row[file])));
            var into = row[split] == test ? judged : pool;
            into.Rows.Add(runner.Infer(picture.View).Embedding);
            into.Labels.Add(Array.IndexOf(classes, row[name]));
            if (row[split] != test) grey.Add(Halve(picture));
        }
        return new(new Samples(pool.Rows, pool.Labels, classes.Length), new Samples(judged.Rows, judged.Labels, classes.Length), classes, grey);
    }

    private static (byte[], int, int) Halve(DecodedPicture picture)
    {
        var (width, height) = (picture.Width / 2, picture.Height / 2);
        var grey = new byte[width * height];
        for (var i = 0; i < grey.Length; i++) grey[i] = picture.Bgr[(i / width * 2 * picture.Width + i % width * 2) * 3 + 1];
        return (grey, width, height);
    }
}

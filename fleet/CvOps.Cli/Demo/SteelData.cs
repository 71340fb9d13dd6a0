using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Cli.Demo;

/// <summary>Real steel-line videos, models and their ground truth, in the folder that CVOPS_DATA names.</summary>
internal sealed class SteelData
{
    private readonly string _root;

    /// <exception cref="CliException">The folder is not named, or something in it is missing.</exception>
    public SteelData()
    {
        _root = Environment.GetEnvironmentVariable("CVOPS_DATA")
            ?? throw new CliException("The steel demo needs real videos and models: set CVOPS_DATA to the folder that holds them (videos/, models/, neu-det/).", ExitCodes.Configuration);
        foreach (var file in (string[])[NormalVideo, DriftVideo, BottleVideo, Model("neu_classifier_v1"), Model("neu_classifier_v2"), Model("neu_classifier_v3_regressed"), Model("nanodet_m")])
            if (!File.Exists(file)) throw new CliException($"CVOPS_DATA is {_root}, but {Path.GetRelativePath(_root, file)} is not in it.", ExitCodes.Configuration);
        NormalLabels = Labels("neu-line-normal.csv");
    }

    public string NormalVideo => Path.Combine(_root, "videos", "neu-line-normal.mp4");

    public string DriftVideo => Path.Combine(_root, "videos", "neu-line-drift.mp4");

    public string BottleVideo => Path.Combine(_root, "videos", "bottle-detection.mp4");

    /// <summary>True class by frame of <see cref="NormalVideo"/>.</summary>
    public IReadOnlyList<string> NormalLabels { get; }

    /// <summary>Pictures the classifiers were trained on, for the reference profile.</summary>
    public IReadOnlyList<string> TrainingPictures => [.. Pictures("train").Select(picture => picture.File)];

    /// <summary>File and class of the pictures of a split: train, val or test.</summary>
    public IReadOnlyList<(string File, string Class)> Pictures(string split) =>
        [.. Directory.EnumerateFiles(Path.Combine(_root, "neu-det", "images", split), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => (file, Path.GetFileName(Path.GetDirectoryName(file)!)))];

    public string Model(string name) => Path.Combine(_root, "models", name + ".onnx");

    /// <summary>Detections of another implementation on every tenth frame.</summary>
    public ILookup<long, Detection> BottleDetections() =>
        Rows(Path.Combine(_root, "reference-outputs", "bottle-detection.nanodet_m.every10.csv")).ToLookup(row => long.Parse(row[0], CultureInfo.InvariantCulture), row =>
        {
            double Number(int column) => double.Parse(row[column], CultureInfo.InvariantCulture);
            return new Detection(row[1], Number(2), Number(3), Number(4), Number(5) - Number(3), Number(6) - Number(4));
        });

    /// <summary>One of the manifests that come with the demo, under another version.</summary>
    public static ModelManifest Manifest(string name, string version)
    {
        using var stream = typeof(SteelData).Assembly.GetManifestResourceStream(name + ".json") ?? throw new InvalidOperationException($"The manifest {name} is not embedded.");
        return JsonSerializer.Deserialize(stream, ContractsJson.Default.ModelManifest)! with { Version = version };
    }

    private string[] Labels(string csv) => [.. Rows(Path.Combine(_root, "videos", csv)).Select(row => row[2])];

    private static IEnumerable<string[]> Rows(string path) => File.ReadLines(path).Skip(1).Where(line => line.Length > 0).Select(line => line.Split(','));
}

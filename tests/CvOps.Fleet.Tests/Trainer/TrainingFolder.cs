using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Trainer;

/// <summary>A dataset, a parent and a place for the result, as the fleet lays them out for a trainer.</summary>
internal sealed class TrainingFolder : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<DatasetEntry> _entries = [];

    public TrainingFolder() => Directory.CreateDirectory(Path.Combine(Dataset, "images"));

    public string Dataset => _folder["dataset"];

    public string Parent => _folder["parent"];

    public string Out => _folder["out"];

    public string Result => Path.Combine(Out, "model.onnx");

    public string Add(byte[] jpeg, string? name, FrameUse use = FrameUse.Training, IReadOnlyList<LabelBox>? boxes = null)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(jpeg));
        File.WriteAllBytes(Path.Combine(Dataset, "images", $"{digest}.jpg"), jpeg);
        _entries.Add(new DatasetEntry($"frame-{_entries.Count}", digest, name, use, boxes ?? []));
        return Path.Combine(Dataset, "images", $"{digest}.jpg");
    }

    public void SetParent(string onnx, ModelManifest manifest)
    {
        Directory.CreateDirectory(Parent);
        File.Copy(onnx, Path.Combine(Parent, "model.onnx"), overwrite: true);
        File.WriteAllText(Path.Combine(Parent, "manifest.json"), JsonSerializer.Serialize(manifest, ContractsJson.Default.ModelManifest));
    }

    /// <returns>The file's path.</returns>
    public string Write(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        return _folder[name];
    }

    public void WriteDataset()
    {
        var classes = _entries.Where(entry => entry.Class is not null).CountBy(entry => entry.Class!).ToDictionary();
        var view = new DatasetView("digest", "test", _entries.Count, _entries.Count(entry => entry.Use == FrameUse.Golden), classes, DateTimeOffset.UnixEpoch, "test");
        File.WriteAllText(Path.Combine(Dataset, "dataset.json"), JsonSerializer.Serialize(new DatasetDetail(view, _entries), ContractsJson.Default.DatasetDetail));
    }

    /// <summary>Runs the trainer as the fleet does.</summary>
    /// <returns>Its exit code and its lines.</returns>
    public async Task<(int ExitCode, IReadOnlyList<TrainerLine> Lines)> RunAsync(params string[] more) => await RunAsync("head", more);

    /// <param name="trainer">head or torch.</param>
    public async Task<(int ExitCode, IReadOnlyList<TrainerLine> Lines)> RunAsync(string trainer, string[] more)
    {
        WriteDataset();
        await using var process = TestProcess.StartAssembly(
            Path.Combine(AppContext.BaseDirectory, "cvops-trainer.dll"), [trainer, "--dataset", Dataset, "--parent", Parent, "--out", Out, .. more]);
        var exit = await process.WaitForExitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        await Eventually.Async(() => process.Output.Contains("\"done\"", StringComparison.Ordinal) || process.Output.Contains("\"failed\"", StringComparison.Ordinal), TimeSpan.FromSeconds(5), () => process.Output, TestContext.Current.CancellationToken);
        var lines = process.Output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonSerializer.Deserialize(line, ContractsJson.Default.TrainerLine)!).ToList();
        return (exit, lines);
    }

    public void Dispose() => _folder.Dispose();
}

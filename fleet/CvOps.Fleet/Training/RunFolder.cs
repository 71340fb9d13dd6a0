using System.Text.Json;
using CvOps.Contracts;

namespace CvOps.Fleet.Training;

/// <summary>Where a run works: <c>training/ID</c> in the fleet's data folder. What a later attempt needs stays there until the run ends.</summary>
internal sealed class RunFolder(string data, string id, string? search)
{
    private readonly string _data = System.IO.Path.GetFullPath(data);

    public string Id => id;

    public string Path { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(data, "training", id));

    /// <summary>The trials of a search share its dataset.</summary>
    public string Dataset { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(data, "training", search ?? id, "dataset"));

    public string Checkpoints => In("checkpoints");

    public string Out => In("out");

    public string Onnx => System.IO.Path.Combine(Out, "model.onnx");

    public string Parameters => In("parameters.json");

    public string Log => In("log");

    public string Process => In("process");

    public string Package => In("model.cvmodel");

    public bool HasDataset => File.Exists(System.IO.Path.Combine(Dataset, "dataset.json"));

    public bool HasCheckpoint => Directory.Exists(Checkpoints) && Directory.EnumerateFiles(Checkpoints).Any();

    /// <summary>Ready for an attempt: what the last one left besides its checkpoints is gone.</summary>
    public void Prepare(IReadOnlyDictionary<string, JsonElement> parameters)
    {
        if (Directory.Exists(Out)) Directory.Delete(Out, recursive: true);
        Directory.CreateDirectory(Checkpoints);
        File.WriteAllBytes(Parameters, JsonSerializer.SerializeToUtf8Bytes(parameters, ContractsJson.Default.IReadOnlyDictionaryStringJsonElement));
    }

    /// <summary>A word of a trainer's command with the run's names in it.</summary>
    public string Fill(string word) => word.Replace("{data}", _data, StringComparison.Ordinal).Replace("{work}", Path, StringComparison.Ordinal).Replace("{run}", id, StringComparison.Ordinal);

    public void Delete()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}

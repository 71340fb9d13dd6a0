using System.Text.Json;
using CvOps.Contracts;

namespace CvOps.Trainer.Torch;

/// <summary>What <c>cvops-trainer torch</c> was asked for. Most parameters are Python's business; the classes decide how labels are laid out.</summary>
internal sealed record TorchOptions
{
    public required string Dataset { get; init; }

    public required string Parent { get; init; }

    public required string Folder { get; init; }

    public required string Parameters { get; init; }

    public required string Checkpoints { get; init; }

    public int Seed { get; init; } = 1;

    public bool Resume { get; init; }

    /// <summary>Null for the parent's, empty for those of the dataset.</summary>
    public IReadOnlyList<string>? Classes { get; init; }

    /// <exception cref="TrainerException">The parameters can't be read.</exception>
    public TorchOptions WithClasses()
    {
        try
        {
            var parameters = JsonSerializer.Deserialize(File.ReadAllBytes(Parameters), ContractsJson.Default.IReadOnlyDictionaryStringJsonElement);
            return parameters?.TryGetValue("classes", out var classes) is not true ? this : classes.ValueKind switch
            {
                JsonValueKind.String when classes.GetString() == "parent" => this,
                JsonValueKind.String when classes.GetString() == "dataset" => this with { Classes = [] },
                JsonValueKind.Array when classes.GetArrayLength() > 0 && classes.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => this with { Classes = [.. classes.EnumerateArray().Select(item => item.GetString()!)] },
                _ => throw new TrainerException($"classes is {classes.GetRawText()}; it must be \"parent\", \"dataset\" or a list of names."),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new TrainerException($"The parameters '{Parameters}' can't be read: {e.Message}", e);
        }
    }
}

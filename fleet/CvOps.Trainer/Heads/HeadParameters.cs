using System.Text.Json;
using CvOps.Contracts;

namespace CvOps.Trainer.Heads;

/// <summary>The parameters of a run, a JSON object in a file: what a request says, beside which the command line says where things lie.</summary>
internal static class HeadParameters
{
    private const string Known = "l2 (number), balanced (true or false), hidden (whole number; 0 for a logistic head), steps (whole number), classes (\"parent\", \"dataset\" or a list)";

    /// <returns>The options with what the file says.</returns>
    /// <exception cref="TrainerException">The file can't be read, or says something this trainer does not know.</exception>
    public static HeadOptions Read(HeadOptions options, string path)
    {
        IReadOnlyDictionary<string, JsonElement> parameters;
        try
        {
            parameters = JsonSerializer.Deserialize(File.ReadAllBytes(path), ContractsJson.Default.IReadOnlyDictionaryStringJsonElement) ?? throw new TrainerException($"The parameters '{path}' are no JSON object.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new TrainerException($"The parameters '{path}' can't be read: {e.Message}", e);
        }
        var mistakes = new List<string>();
        foreach (var (name, value) in parameters)
        {
            switch (name, value.ValueKind)
            {
                case ("l2", JsonValueKind.Number): options = options with { L2 = value.GetDouble() }; break;
                case ("balanced", JsonValueKind.True or JsonValueKind.False): options = options with { Balanced = value.GetBoolean() }; break;
                case ("hidden", JsonValueKind.Number) when Whole(value) is { } units: options = options with { Hidden = units }; break;
                case ("steps", JsonValueKind.Number) when Whole(value) is { } steps: options = options with { MaxSteps = steps }; break;
                case ("classes", JsonValueKind.String) when value.GetString() == "parent": options = options with { Classes = null }; break;
                case ("classes", JsonValueKind.String) when value.GetString() == "dataset": options = options with { Classes = [] }; break;
                case ("classes", JsonValueKind.Array) when value.GetArrayLength() > 0 && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String):
                    options = options with { Classes = [.. value.EnumerateArray().Select(item => item.GetString()!)] };
                    break;
                default: mistakes.Add($"{name} = {value.GetRawText()}"); break;
            }
        }
        return mistakes.Count == 0 ? options : throw new TrainerException($"The head trainer does not understand {string.Join(", ", mistakes)}; it knows {Known}.");
    }

    /// <summary>Whole numbers may come as 3.0 from a search.</summary>
    private static int? Whole(JsonElement value) => value.GetDouble() is var number && number == Math.Floor(number) && Math.Abs(number) < 1e9 ? (int)number : null;
}

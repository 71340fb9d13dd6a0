using System.CommandLine;
using System.Text.Json;
using CvOps.Contracts;

namespace CvOps.Cli.Commands;

/// <summary>What a trainer is told, from the command line and from files.</summary>
internal static class TrainerParameters
{
    public static (Option<string[]> Set, Option<FileInfo?> File) Options() => (
        new Option<string[]>("--set") { Description = "A parameter of the trainer, NAME=VALUE, the value as JSON or a word. Again for each." },
        new Option<FileInfo?>("--parameters") { Description = "A file with a JSON object of parameters; --set wins." });

    /// <returns>Null where none was given.</returns>
    /// <exception cref="CliException">The file can't be read, or a word is no NAME=VALUE.</exception>
    public static Dictionary<string, JsonElement>? Read(FileInfo? file, string[] set)
    {
        if (file is null && set.Length == 0) return null;
        var parameters = new Dictionary<string, JsonElement>(file is null ? new Dictionary<string, JsonElement>() : Parse(file, bytes => JsonSerializer.Deserialize(bytes, ContractsJson.Default.IReadOnlyDictionaryStringJsonElement)));
        foreach (var pair in set)
        {
            if (pair.Split('=', 2) is not [{ Length: > 0 } name, var value]) throw new CliException($"--set '{pair}' must be NAME=VALUE.", ExitCodes.Configuration);
            parameters[name] = Value(value);
        }
        return parameters;
    }

    /// <summary>What is no JSON is a word.</summary>
    private static JsonElement Value(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text, ContractsJson.Default.String);
        }
    }

    public static T Parse<T>(FileInfo file, Func<byte[], T?> parse)
        where T : class
    {
        try
        {
            return parse(File.ReadAllBytes(file.FullName)) ?? throw new CliException($"{file.FullName} holds no JSON object.", ExitCodes.Configuration);
        }
        catch (JsonException e)
        {
            throw new CliException($"{file.FullName} can't be read: {e.Message}", ExitCodes.Configuration);
        }
    }
}

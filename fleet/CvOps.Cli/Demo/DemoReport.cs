using System.Text.Json;
using System.Text.Json.Serialization;

namespace CvOps.Cli.Demo;

/// <summary>The demo's result as a file for programs.</summary>
internal sealed record DemoReport(string Story, DateTimeOffset At, double Seconds, int Passed, int Failed, IReadOnlyList<StoryStep> Steps)
{
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, JsonSerializer.Serialize(this, DemoJson.Default.DemoReport));
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(DemoReport))]
internal sealed partial class DemoJson : JsonSerializerContext;

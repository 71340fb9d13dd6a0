using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Vision.Packaging.Drafts;

namespace CvOps.Cli.Commands;

/// <summary>A <c>manifest.json</c> that a person wrote.</summary>
internal static class ManifestFile
{
    /// <exception cref="CliException">It is no manifest, or marks are left in it.</exception>
    public static ModelManifest Read(string path)
    {
        try
        {
            var json = File.ReadAllText(path);
            if (ManifestMarks.Find(json) is { Count: > 0 } marks) throw new CliException($"{path} is not finished; replace what begins with \"?\":\n  {string.Join("\n  ", marks)}", ExitCodes.Configuration);
            return JsonSerializer.Deserialize(json, ContractsJson.Default.ModelManifest) ?? throw new CliException($"{path} is empty.", ExitCodes.Configuration);
        }
        catch (JsonException e)
        {
            throw new CliException($"{path} is no manifest: {e.Message}", ExitCodes.Configuration);
        }
    }
}

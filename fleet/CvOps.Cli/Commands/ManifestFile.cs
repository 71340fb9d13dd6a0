using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;

namespace CvOps.Cli.Commands;

/// <summary>A <c>manifest.json</c> that a person wrote.</summary>
internal static class ManifestFile
{
    /// <exception cref="CliException">It is no manifest, or marks are left in it.</exception>
    public static ModelManifest Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), ContractsJson.Default.ModelManifest) ?? throw new CliException($"{path} is empty.", ExitCodes.Configuration);
        }
        catch (JsonException e)
        {
            throw new CliException($"{path} is no manifest: {e.Message}", ExitCodes.Configuration);
        }
    }
}

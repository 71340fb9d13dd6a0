using System.CommandLine;
using CvOps.Contracts.Packages;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops model inspect</c></summary>
internal static class ModelInspectCommand
{
    private const int ClassesShown = 20;

    public static Command Create(FleetCommand on)
    {
        var argument = ModelCommands.Package();
        var keys = new Option<DirectoryInfo?>("--trusted-keys") { Description = "Folder of trusted keys: says of each signer how it stands today." };
        return on.On(new Command("inspect", "Say what is in a package, without believing it.") { argument, keys }, (parsed, _, screen, _) =>
        {
            var package = PackageReader.Open(parsed.GetValue(argument)!.FullName);
            var trusted = parsed.GetValue(keys) is { } folder ? TrustedKeys.Load(folder.FullName) : null;
            var (manifest, input) = (package.Manifest, package.Manifest.Input);
            screen.One(manifest,
            [
                ("model", $"{manifest.Name} {manifest.Version}, {manifest.Task}"), ("digest", package.Digest), ("bytes", $"{package.Bytes}"),
                .. package.KeyIds.Select(id => ("signed by", (string?)(trusted is null ? $"{id} (as it says; --trusted-keys FOLDER tells how that key stands)" : $"{id} {Signer(id, trusted, DateTimeOffset.UtcNow)}"))),
                ("input", $"{input.Name} {input.Width}x{input.Height} {input.Layout} {input.Channels} {input.ElementType}, {input.Resize}"), ("decoder", $"{manifest.Decoder.Kind}"),
                ("classes", string.Join(", ", manifest.Classes.Take(ClassesShown)) + (manifest.Classes.Count > ClassesShown ? $", ... {manifest.Classes.Count} in all" : "")),
                ("profile", $"{package.Profile.Frames} frames: {string.Join(", ", package.Profile.Histograms.Keys)}"), ("golden vectors", $"{package.Golden.Vectors.Count}"),
                ("parent", package.Lineage.Parent), ("dataset", package.Lineage.Dataset), ("trainer", package.Lineage.Trainer),
            ]);
            return Task.CompletedTask;
        });
    }

    /// <summary>A key's name and how it stands.</summary>
    public static string Signer(string id, TrustedKeys trusted, DateTimeOffset now) =>
        trusted.NameOf(id) == id ? trusted.Standing(id, now).Words : $"{trusted.NameOf(id)}: {trusted.Standing(id, now).Words}";
}

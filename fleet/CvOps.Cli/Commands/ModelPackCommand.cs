using System.CommandLine;
using CvOps.Contracts.Packages;
using CvOps.Vision.Packaging;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops model pack</c></summary>
internal static class ModelPackCommand
{
    public static Command Create()
    {
        var manifest = new Option<FileInfo>("--manifest") { Description = "manifest.json: input, preprocessing, decoder, classes. 'cvops model init' begins one.", Required = true }.AcceptExistingOnly();
        var onnx = new Option<FileInfo>("--onnx") { Description = "The model.", Required = true }.AcceptExistingOnly();
        var pictures = new Option<DirectoryInfo?>("--pictures") { Description = "Folder of JPEG pictures the model was made for: they make the reference profile and the golden vectors." };
        var key = new Option<FileInfo>("--key") { Description = "The signer's .key file ('cvops model key' makes one).", Required = true }.AcceptExistingOnly();
        var output = new Option<FileInfo>("--out") { Description = "The .cvmodel to write.", Required = true };
        var command = new Command("pack", "Make a signed .cvmodel from an ONNX file: checks it, runs it, measures its reference profile.") { manifest, onnx, pictures, key, output };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            using var signer = SigningKeys.Load(parsed.GetValue(key)!.FullName);
            var files = parsed.GetValue(pictures) is { } folder
                ? Directory.EnumerateFiles(folder.FullName, "*.jp*g", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray()
                : [];
            var digest = PackageBuilder.Build(parsed.GetValue(output)!.FullName, ManifestFile.Read(parsed.GetValue(manifest)!.FullName), File.ReadAllBytes(parsed.GetValue(onnx)!.FullName), files, signer);
            Console.WriteLine($"{digest}  {parsed.GetValue(output)!.FullName}");
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }
}

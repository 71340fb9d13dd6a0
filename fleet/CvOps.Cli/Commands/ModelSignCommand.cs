using System.CommandLine;
using CvOps.Contracts.Packages;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops model sign</c></summary>
internal static class ModelSignCommand
{
    public static Command Create()
    {
        var package = ModelCommands.Package();
        var key = new Option<FileInfo>("--key") { Description = "The signer's .key file.", Required = true }.AcceptExistingOnly();
        var only = new Option<bool>("--only") { Description = "Take every other signature away." };
        var command = new Command("sign", "Sign a package with one more key, as when keys are rotated. What is signed stays byte for byte; the file, and so the package's digest, becomes another: register and roll out the new one.") { package, key, only };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            var path = parsed.GetValue(package)!.FullName;
            using var signer = SigningKeys.Load(parsed.GetValue(key)!.FullName);
            var before = PackageReader.Open(path).Digest;
            var digest = PackageWriter.Sign(path, signer, parsed.GetValue(only));
            Console.WriteLine($"{digest}  {path}");
            Console.WriteLine($"signed by {string.Join(", ", PackageReader.Open(path).KeyIds)}; the digest was {before}");
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }
}

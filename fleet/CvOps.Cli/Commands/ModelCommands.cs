using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Cli.Commands;

/// <summary>Model packages on this machine, and the registry of the fleet.</summary>
internal static class ModelCommands
{
    private static readonly Argument<FileInfo> Package = new Argument<FileInfo>("package") { Description = "A .cvmodel file." }.AcceptExistingOnly();
    private static readonly Argument<string> Digest = new("digest") { Description = "Digest of a registered model." };

    public static Command All(FleetCommand on) => new("model", "Model packages: pack, sign, verify, register.")
    {
        Key(), Pack(), Inspect(on), Verify(), Push(on), List(on), Gate(on),
    };

    private static Command Key()
    {
        var folder = new Option<DirectoryInfo>("--out") { Description = "Folder for NAME.key (secret, mode 0600) and NAME.pem (public, for the devices' trusted-keys).", DefaultValueFactory = _ => new DirectoryInfo(".") };
        var name = new Argument<string>("name");
        var command = new Command("key", "Make a key pair that signs packages.") { name, folder };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            var target = Path.Combine(parsed.GetValue(folder)!.FullName, parsed.GetValue(name)!);
            if (File.Exists(target + ".key")) throw new CliException($"{target}.key exists already and is not overwritten.", ExitCodes.Configuration);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var key = SigningKeys.Create();
            SigningKeys.Save(key, target + ".key");
            SigningKeys.SavePublic(key, target + ".pem");
            Console.WriteLine($"{SigningKeys.KeyId(key)}  {target}.key  {target}.pem");
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command Pack()
    {
        var manifest = new Option<FileInfo>("--manifest") { Description = "manifest.json: input, preprocessing, decoder, classes.", Required = true }.AcceptExistingOnly();
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
            var digest = PackageBuilder.Build(parsed.GetValue(output)!.FullName, ReadManifest(parsed.GetValue(manifest)!.FullName), File.ReadAllBytes(parsed.GetValue(onnx)!.FullName), files, signer);
            Console.WriteLine($"{digest}  {parsed.GetValue(output)!.FullName}");
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command Inspect(FleetCommand on) => on.On(new Command("inspect", "Say what is in a package, without believing it.") { Package }, (parsed, _, screen, _) =>
    {
        var package = PackageReader.Open(parsed.GetValue(Package)!.FullName);
        var input = package.Manifest.Input;
        screen.One(package.Manifest,
            ("model", $"{package.Manifest.Name} {package.Manifest.Version}, {package.Manifest.Task}"), ("digest", package.Digest), ("bytes", $"{package.Bytes}"),
            ("input", $"{input.Name} {input.Width}x{input.Height} {input.Layout} {input.Channels}, {input.Resize}"), ("decoder", $"{package.Manifest.Decoder.Kind}"),
            ("classes", string.Join(", ", package.Manifest.Classes.Take(20)) + (package.Manifest.Classes.Count > 20 ? $", ... {package.Manifest.Classes.Count} in all" : "")),
            ("profile", $"{package.Profile.Frames} frames: {string.Join(", ", package.Profile.Histograms.Keys)}"), ("golden vectors", $"{package.Golden.Vectors.Count}"),
            ("parent", package.Lineage.Parent), ("dataset", package.Lineage.Dataset), ("trainer", package.Lineage.Trainer));
        return Task.CompletedTask;
    });

    private static Command Verify()
    {
        var keys = new Option<DirectoryInfo>("--trusted-keys") { Description = "Folder of the public keys to believe.", Required = true };
        var command = new Command("verify", "Check signature, digests and form as a device does, and run the golden vectors here.") { Package, keys };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            var result = PackageVerifier.Verify(parsed.GetValue(Package)!.FullName, TrustedKeys.Load(parsed.GetValue(keys)!.FullName), DateTimeOffset.UtcNow);
            if (result.Package is not { } package) throw new CliException($"refused: {result.Reason}");
            using var session = ModelSession.Open(package.Onnx, package.Manifest, new SessionSettings());
            var golden = GoldenCheck.Run(session, package.Golden, package.Entry);
            if (!golden.Passed) throw new CliException($"refused: {golden.Reason}");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"good: signed by {result.KeyId}, {package.Golden.Vectors.Count} golden vectors within {golden.MaxDifference:0.0e+0} on {session.Provider}"));
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command Push(FleetCommand on) => on.On(new Command("push", "Register a package with the fleet.") { Package }, async (parsed, fleet, screen, ct) =>
    {
        var model = await fleet.PushModel(parsed.GetValue(Package)!.FullName, ct);
        screen.One(model, ("model", $"{model.Model.Name} {model.Model.Version}"), ("digest", model.Model.Digest), ("signed by", model.SignedBy));
    });

    private static Command List(FleetCommand on) => on.On(new Command("list", "Every registered model."), async (_, fleet, screen, ct) =>
        screen.Table(await fleet.Get<ModelView[]>("models", ct), "No model is registered yet: 'cvops model push x.cvmodel'.",
            ("model", model => $"{model.Model.Name} {model.Model.Version}"), ("task", model => $"{model.Task}"), ("bytes", model => $"{model.Bytes}"),
            ("signed by", model => model.SignedBy), ("gate", model => $"{model.Gate?.Verdict.ToString() ?? "-"}"), ("digest", model => model.Model.Digest)));

    private static Command Gate(FleetCommand on)
    {
        var champion = new Option<string>("--champion") { Description = "Digest of the model in charge.", Required = true };
        var margin = new Option<double>("--margin") { Description = "Loss of accuracy that is still acceptable.", DefaultValueFactory = _ => new GateRequest("").NonInferiorityMargin };
        return on.On(new Command("gate", "Compare a model with the champion on the golden set.") { Digest, champion, margin }, async (parsed, fleet, screen, ct) =>
        {
            var result = await fleet.Post<GateRequest, GateResult>($"models/{parsed.GetValue(Digest)}/gate", new GateRequest(parsed.GetValue(champion)!, parsed.GetValue(margin)), ct);
            screen.One(result, ("verdict", $"{result.Verdict}"), ("because", result.Reason),
                ("accuracy", string.Create(CultureInfo.InvariantCulture, $"{result.ChampionAccuracy:0.000} -> {result.ChallengerAccuracy:0.000} on {result.Frames} golden frames")));
            if (result.Verdict != GateVerdict.Passed) throw new CliException($"{result.Verdict}: {result.Reason}");
        });
    }

    private static ModelManifest ReadManifest(string path)
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

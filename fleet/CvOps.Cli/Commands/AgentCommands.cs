using System.CommandLine;
using System.Globalization;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Programs;

namespace CvOps.Cli.Commands;

/// <summary>The agent's own program: <c>cvops agents pack</c>, <c>verify</c>, <c>push</c>, <c>list</c>, <c>set</c>, <c>unset</c>.</summary>
internal static class AgentCommands
{
    public static Command All(FleetCommand on) => new("agents", "The program that devices run: pack, verify, push, list, set, unset.")
    {
        Pack(), Verify(), Push(on), List(on), Set(on), Unset(on),
    };

    private static Command Pack()
    {
        var folder = new Argument<DirectoryInfo>("folder") { Description = "What 'dotnet publish' made of the agent, or usr/lib/cvops-agent of an unpacked .deb." }.AcceptExistingOnly();
        var version = new Option<string>("--version") { Description = "The program's version: letters, digits, '.', '+', '~' and '-'.", Required = true };
        var runtime = new Option<string?>("--runtime") { Description = "The machines it is for, e.g. linux-x64 or linux-arm64; default: as the folder's own files say." };
        var key = new Option<FileInfo>("--key") { Description = "The signer's .key file ('cvops model key' makes one).", Required = true }.AcceptExistingOnly();
        var output = new Option<FileInfo>("--out") { Description = "The .cvagent to write.", Required = true };
        var command = new Command("pack", "Make a signed .cvagent of the agent's folder.") { folder, version, runtime, key, output };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            using var signer = SigningKeys.Load(parsed.GetValue(key)!.FullName);
            var package = ProgramPacker.Pack(parsed.GetValue(folder)!.FullName, parsed.GetValue(version)!, parsed.GetValue(runtime), signer, parsed.GetValue(output)!.FullName);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{package.Digest}  {package.Path} (cvops-agent {package.Manifest.Version} for {package.Manifest.Runtime}, {package.Bytes / 1e6:0.0} MB, {package.Manifest.Bytes / 1e6:0.0} MB unpacked)"));
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command Verify()
    {
        var package = Package();
        var keys = new Option<DirectoryInfo>("--trusted-keys") { Description = "Folder of the keys to believe.", Required = true };
        var command = new Command("verify", "Check form, digests and signatures of a .cvagent as a device does.") { package, keys };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            var trusted = TrustedKeys.Load(parsed.GetValue(keys)!.FullName);
            var verdict = ProgramVerifier.Verify(parsed.GetValue(package)!.FullName, trusted, DateTimeOffset.UtcNow);
            if (verdict.Package is not { Manifest: var manifest }) throw new CliException($"refused: {verdict.Reason}");
            Console.WriteLine($"good: cvops-agent {manifest.Version} for {manifest.Runtime}, {manifest.Files.Count} files, signed by {verdict.KeyId} ({trusted.NameOf(verdict.KeyId!)})");
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command Push(FleetCommand on)
    {
        var package = Package();
        return on.On(new Command("push", "Keep a program with the fleet, for devices.") { package }, async (parsed, fleet, screen, ct) =>
        {
            var file = parsed.GetValue(package)!;
            ProgramView program;
            try
            {
                program = await fleet.PushProgram(file.FullName, ct, sent => Progress.Show(string.Create(CultureInfo.InvariantCulture, $"sending {sent / 1e6:N0} of {file.Length / 1e6:N0} MB")));
            }
            finally
            {
                Progress.End();
            }
            screen.One(program, ("program", $"{program.Version} for {program.Runtime}"), ("digest", program.Digest), ("signed by", program.SignedBy));
        });
    }

    private static Command List(FleetCommand on) => on.On(new Command("list", "Every program that the fleet keeps, the newest first."), async (_, fleet, screen, ct) =>
        screen.Table(await fleet.Get<ProgramView[]>("programs", ct), "No program is kept yet: 'cvops agents push x.cvagent'.",
            ("program", program => program.Version), ("for", program => program.Runtime), ("MB", program => string.Create(CultureInfo.InvariantCulture, $"{program.Bytes / 1e6:0.0}")), ("at", program => $"{program.At:u}"),
            ("by", program => program.By), ("signed by", program => program.SignedBy), ("digest", program => program.Lost ? "file lost" : program.Digest[..12])));

    private static Command Set(FleetCommand on)
    {
        var device = new Argument<string>("device") { Description = "The device." };
        var version = new Argument<string>("version") { Description = "A version that 'agents list' shows for the device's machine." };
        var again = new Option<bool>("--again") { Description = "Try once more what failed there." };
        return on.On(new Command("set", "Have a device run a program: it fetches, tries and trials it, and comes back to what it ran if the trial goes wrong.") { device, version, again }, async (parsed, fleet, screen, ct) =>
            Show(screen, await fleet.Post<ProgramOrder, DeviceView>($"devices/{parsed.GetValue(device)}/program", new ProgramOrder(parsed.GetValue(version), parsed.GetValue(again)), ct)));
    }

    private static Command Unset(FleetCommand on)
    {
        var device = new Argument<string>("device") { Description = "The device." };
        return on.On(new Command("unset", "Want no program of a device any more: what it runs stays, what it is about to try does not.") { device }, async (parsed, fleet, screen, ct) =>
            Show(screen, await fleet.Post<ProgramOrder, DeviceView>($"devices/{parsed.GetValue(device)}/program", new ProgramOrder(null), ct)));
    }

    private static Argument<FileInfo> Package() => new Argument<FileInfo>("package") { Description = "A .cvagent file." }.AcceptExistingOnly();

    private static void Show(Screen screen, DeviceView device) => screen.One(device, ("device", device.Id.Value), ("wanted", device.Desired?.Program?.Version ?? "nothing"), ("runs", DeviceCommands.Program(device)));
}

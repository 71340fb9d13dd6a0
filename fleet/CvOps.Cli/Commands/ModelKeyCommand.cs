using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Packages;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops model key</c></summary>
internal static class ModelKeyCommand
{
    // A device whose clock is a little behind must not find the key too young.
    private static readonly TimeSpan Earlier = TimeSpan.FromDays(1);

    public static Command Create()
    {
        var folder = new Option<DirectoryInfo>("--out") { Description = "Folder for NAME.key (secret, mode 0600) and NAME.pem (public, for 'cvops model trust add').", DefaultValueFactory = _ => new DirectoryInfo(".") };
        var name = new Argument<string>("name");
        var validFor = new Option<TimeSpan?>("--valid-for") { Description = "Days the key counts, e.g. 365d; NAME.pem is a certificate then, which says so wherever it goes. Without: until it is revoked.", CustomParser = Validity.Days };
        var command = new Command("key", "Make a key pair that signs packages.") { name, folder, validFor };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            var called = parsed.GetValue(name)!;
            var target = Path.Combine(parsed.GetValue(folder)!.FullName, called);
            if (File.Exists(target + ".key")) throw new CliException($"{target}.key exists already and is not overwritten.", ExitCodes.Configuration);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var key = SigningKeys.Create();
            SigningKeys.Save(key, target + ".key");
            var until = "";
            if (parsed.GetValue(validFor) is { } span)
            {
                var now = DateTimeOffset.UtcNow;
                SigningKeys.SaveCertificate(key, Path.GetFileName(called), now - Earlier, now + span, target + ".pem");
                until = string.Create(CultureInfo.InvariantCulture, $"  valid until {now + span:yyyy-MM-dd}");
            }
            else
            {
                SigningKeys.SavePublic(key, target + ".pem");
            }

            Console.WriteLine($"{SigningKeys.KeyId(key)}  {target}.key  {target}.pem{until}");
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }
}

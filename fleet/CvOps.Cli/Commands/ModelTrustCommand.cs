using System.CommandLine;
using CvOps.Contracts.Packages;

namespace CvOps.Cli.Commands;

/// <summary>
/// <c>cvops model trust</c>: who may sign, and who may no more. All of it is one folder, which whoever configures devices delivers to them: that is
/// the whole of distribution, and a device reads it anew for each package.
/// </summary>
internal static class ModelTrustCommand
{
    public static Command Create(FleetCommand on) => new("trust", "A folder of trusted keys: who may sign packages, until when, and who no more. Copy the folder, all of it, to --trusted-keys of the fleet and of each device.")
    {
        List(on), Add(), Revoke(),
    };

    private static Option<DirectoryInfo> Folder() => new("--trusted-keys") { Description = "The folder; 'add' makes it.", Required = true };

    private static Command List(FleetCommand on)
    {
        var folder = Folder();
        return on.On(new Command("list", "Each key with its state today.") { folder }, (parsed, _, screen, _) =>
        {
            var path = parsed.GetValue(folder)!.FullName;
            var (trusted, document, now) = (TrustedKeys.Load(path), TrustedKeys.ReadDocument(path), DateTimeOffset.UtcNow);
            screen.One(document ?? new TrustDocument { Version = 0, Issued = now },
            [
                ("version", document is null ? $"none: there is no {TrustedKeys.DocumentName}" : $"{document.Version} of {document.Issued:yyyy-MM-dd HH:mm}Z"),
                .. trusted.KeyIds.Union(document?.Revoked.Keys ?? []).Order(StringComparer.Ordinal).Select(id => (id, (string?)ModelInspectCommand.Signer(id, trusted, now))),
            ]);
            return Task.CompletedTask;
        });
    }

    private static Command Add()
    {
        var key = new Argument<FileInfo>("key") { Description = "NAME.pem: a public key or a certificate ('cvops model key' makes one)." }.AcceptExistingOnly();
        var folder = Folder();
        var from = new Option<DateTimeOffset?>("--from") { Description = "The key counts from then on, e.g. 2027-01-31.", CustomParser = Validity.Moment };
        var until = new Option<DateTimeOffset?>("--until") { Description = "The key counts no more from then on.", CustomParser = Validity.Moment };
        var name = new Option<string?>("--name") { Description = "What people call it; the file's name without this." };
        var command = new Command("add", "Trust one more key, or give a trusted one another validity.") { key, folder, from, until, name };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            var trust = new TrustFolder(parsed.GetValue(folder)!.FullName);
            var (id, version) = trust.Add(parsed.GetValue(key)!.FullName, new KeyTerms(parsed.GetValue(name), parsed.GetValue(from), parsed.GetValue(until)), DateTimeOffset.UtcNow);
            Console.WriteLine($"{id} is trusted, version {version}: deliver {trust.Path} as a whole");
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("key") { Description = "The key's id, as 'list' and 'inspect' show it." };
        var folder = Folder();
        var reason = new Option<string>("--reason") { Description = "Why, in a few words: whoever meets the key is told.", Required = true };
        var since = new Option<DateTimeOffset?>("--since") { Description = "When it was lost or withdrawn, for people to know; today without this. The key counts no more at all, whenever a package was signed.", CustomParser = Validity.Moment };
        var command = new Command("revoke", "Believe a key no more. What it signed does not enter any more; what is in charge already stays until it is replaced.") { id, folder, reason, since };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            var trust = new TrustFolder(parsed.GetValue(folder)!.FullName);
            var version = trust.Revoke(parsed.GetValue(id)!, new KeyRevocation(parsed.GetValue(since) ?? TrustFolder.WholeSeconds(DateTimeOffset.UtcNow), parsed.GetValue(reason)!), DateTimeOffset.UtcNow);
            Console.WriteLine($"{parsed.GetValue(id)} is revoked, version {version}: deliver {trust.Path} as a whole");
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }
}

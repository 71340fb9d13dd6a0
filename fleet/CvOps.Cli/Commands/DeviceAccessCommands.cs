using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;
using Command = System.CommandLine.Command;

namespace CvOps.Cli.Commands;

/// <summary>Who is in the fleet and who comes in: tokens, certificates, revocation.</summary>
internal static class DeviceAccessCommands
{
    private static readonly Option<string> By = new("--by") { Description = "Who decides; goes to the audit log.", DefaultValueFactory = _ => Environment.UserName };

    public static IEnumerable<Command> All(FleetCommand on)
    {
        yield return new Command("token", "Tokens that let new devices in: cvops-agent enroll --fleet URL --token TOKEN") { Create(on), List(on), Revoke(on) };
        yield return Certificates(on);
        yield return RevokeDevice(on);
        yield return Release(on);
    }

    private static Command Create(FleetCommand on)
    {
        var purpose = new Argument<string>("purpose") { Description = "What it is for, for the people who read the list." };
        var devices = new Option<string?>("--devices") { Description = "Which devices: an id, or its beginning and *, as in 'press-*'. Default: any new one." };
        var uses = new Option<int>("--uses") { Description = "How many devices it lets in.", DefaultValueFactory = _ => 1 };
        var hours = new Option<double>("--valid-hours") { Description = "How long it is good, in hours.", DefaultValueFactory = _ => 24 };
        var replace = new Option<bool>("--replace") { Description = "Also for a device that is known already; its former certificates are revoked then." };
        return on.On(new Command("create", "Make a token. It is shown once; whoever has it can enrol.") { purpose, devices, uses, hours, replace, By }, async (parsed, fleet, screen, ct) =>
        {
            var request = new TokenRequest(parsed.GetValue(By)!, parsed.GetValue(purpose)!, parsed.GetValue(devices)) { Uses = parsed.GetValue(uses), ValidHours = parsed.GetValue(hours), Replace = parsed.GetValue(replace) };
            var made = await fleet.Post<TokenRequest, TokenCreated>("enrolment/tokens", request, ct);
            screen.One(made, ("token", made.Token.Id), ("lets in", $"{Many(made.Token.Uses)} '{made.Token.Devices ?? "*"}' until {made.Token.ExpiresAt:u}"));
            // Not in the grid: it wraps lines at the terminal's width, and a wrapped token is none.
            if (!parsed.GetValue(on.Json)) Console.Out.WriteLine($"\ncvops-agent enroll --fleet {fleet.Fleet.ToString().TrimEnd('/')} --token {made.Text}");
        });
    }

    private static Command List(FleetCommand on) => on.On(new Command("list", "Every token, the newest first."), async (_, fleet, screen, ct) =>
        screen.Table(await fleet.Get<TokenView[]>("enrolment/tokens", ct), "There are no tokens. Make one with 'cvops device token create PURPOSE'.",
            ("token", token => token.Id), ("purpose", token => token.Purpose), ("devices", token => token.Devices ?? "*"), ("used", token => $"{token.Used} of {token.Uses}"),
            ("replaces", token => token.Replace ? "yes" : "no"), ("until", token => $"{token.ExpiresAt:u}"), ("by", token => token.CreatedBy), ("revoked", token => token.RevokedAt?.ToString("u", CultureInfo.InvariantCulture) ?? "")));

    private static Command Revoke(FleetCommand on)
    {
        var (id, reason) = (new Argument<string>("token"), Reason());
        return on.On(new Command("revoke", "Take a token back; devices it let in stay.") { id, reason, By }, async (parsed, fleet, screen, ct) =>
        {
            var token = await fleet.Post<RevocationRequest, TokenView>($"enrolment/tokens/{parsed.GetValue(id)}/revoke", new RevocationRequest(parsed.GetValue(By)!, parsed.GetValue(reason)!), ct);
            screen.One(token, ("token", $"{token.Id} is revoked; it let in {Many(token.Used)}."));
        });
    }

    private static Command Certificates(FleetCommand on)
    {
        var id = new Argument<string?>("device") { Arity = ArgumentArity.ZeroOrOne, Description = "Of one device; default: of all." };
        return on.On(new Command("certificates", "Certificates of devices: how long they are good, where they came from.") { id }, async (parsed, fleet, screen, ct) =>
            screen.Table(await fleet.Get<CertificateView[]>(parsed.GetValue(id) is { } device ? $"certificates?device={Uri.EscapeDataString(device)}" : "certificates", ct), "The fleet has issued no certificate.",
                ("device", one => $"{one.Device}"), ("until", one => $"{one.NotAfter:u}"), ("from", one => one.Origin), ("serial", one => one.Serial),
                ("revoked", one => one.RevokedAt is { } at ? $"{at:u} {one.Reason}" : "")));
    }

    private static Command RevokeDevice(FleetCommand on)
    {
        var (id, reason) = (new Argument<string>("device"), Reason());
        var serial = new Option<string?>("--serial") { Description = "Only the certificate with this serial; default: every one the device has." };
        return on.On(new Command("revoke", "Take a device's certificates back: its connection ends and it does not come in again.") { id, reason, serial, By }, async (parsed, fleet, screen, ct) =>
        {
            var request = new RevocationRequest(parsed.GetValue(By)!, parsed.GetValue(reason)!, parsed.GetValue(serial));
            var all = await fleet.Post<RevocationRequest, CertificateView[]>($"devices/{parsed.GetValue(id)}/revoke", request, ct);
            screen.Table(all, "", ("device", one => $"{one.Device}"), ("serial", one => one.Serial), ("until", one => $"{one.NotAfter:u}"), ("revoked", one => one.RevokedAt is { } at ? $"{at:u} {one.Reason}" : ""));
            screen.Line("The broker closes the door when it has read the new list; see deploy/cloud/README.md.");
        });
    }

    private static Command Release(FleetCommand on)
    {
        var (id, reason) = (new Argument<string>("device"), Reason());
        var hours = new Option<double>("--hours") { Description = "How long it may be enrolled once more.", DefaultValueFactory = _ => 24 };
        return on.On(new Command("release", "Let a known device be enrolled once more, by any token that covers it.") { id, reason, hours, By }, async (parsed, fleet, screen, ct) =>
        {
            var notice = await fleet.Post<ReleaseRequest, DeviceNotice>($"devices/{parsed.GetValue(id)}/release", new ReleaseRequest(parsed.GetValue(By)!, parsed.GetValue(reason)!) { Hours = parsed.GetValue(hours) }, ct);
            screen.One(notice, ("done", notice.Message));
        });
    }

    private static Option<string> Reason() => new("--reason") { Description = "Why; goes to the audit log.", Required = true };

    private static string Many(int count) => count == 1 ? "1 device" : $"{count} devices";
}

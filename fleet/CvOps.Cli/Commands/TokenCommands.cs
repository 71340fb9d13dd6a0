using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;
using Command = System.CommandLine.Command;

namespace CvOps.Cli.Commands;

/// <summary>Tokens of programs.</summary>
internal static class TokenCommands
{
    public static Command All(FleetCommand on) => new("token", "Tokens of programs: what they may, where, and until when.") { Add(on), List(on), Revoke(on) };

    private static Command Add(FleetCommand on)
    {
        var name = new Argument<string>("name") { Description = "What it is for, for the people who read the list." };
        var scopes = new Option<string[]>("--scope") { Description = "What it may: read, label, operate, approve, administer, actFor (say in whose name it acts); may be given again. Never more than you.", DefaultValueFactory = _ => ["read"], AllowMultipleArgumentsPerToken = true };
        var sites = new Option<string[]>("--site") { Description = "On that site alone; may be given again. Default: on all of yours.", DefaultValueFactory = _ => [], AllowMultipleArgumentsPerToken = true };
        var days = new Option<double>("--valid-days") { Description = "How long it is good, in days.", DefaultValueFactory = _ => 90 };
        return on.On(new Command("add", "Make a token. It is shown once.") { name, scopes, sites, days }, async (parsed, fleet, screen, ct) =>
        {
            var request = new ApiTokenRequest(parsed.GetValue(name)!, [.. parsed.GetValue(scopes)!.Select(Scope)], parsed.GetValue(sites) is { Length: > 0 } some ? some : null) { ValidDays = parsed.GetValue(days) };
            var made = await fleet.Post<ApiTokenRequest, ApiTokenCreated>("tokens", request, ct);
            screen.One(made, ("token", made.Token.Id), ("may", string.Join(", ", made.Token.Scopes)), ("sites", made.Token.Sites is { } at ? string.Join(", ", at) : "all of its owner's"), ("until", $"{made.Token.ExpiresAt:u}"));
            if (!parsed.GetValue(on.Json)) Console.Out.WriteLine($"\n{made.Text}");
        });
    }

    private static Command List(FleetCommand on) => on.On(new Command("list", "Your tokens; an administrator sees everybody's."), async (_, fleet, screen, ct) =>
        screen.Table(await fleet.Get<ApiTokenView[]>("tokens", ct), "There are no tokens. Make one with 'cvops token add NAME --scope read'.",
            ("token", one => one.Id), ("name", one => one.Name), ("of", one => one.Owner ?? "this machine"), ("may", one => string.Join(" ", one.Scopes)), ("sites", one => one.Sites is { } sites ? string.Join(" ", sites) : "all"),
            ("until", one => $"{one.ExpiresAt:u}"), ("used", one => Time(one.UsedAt)), ("revoked", one => Time(one.RevokedAt))));

    private static Command Revoke(FleetCommand on)
    {
        var id = new Argument<string>("token") { Description = "Its beginning, as the list shows it." };
        return on.On(new Command("revoke", "Take a token back at once.") { id }, async (parsed, fleet, screen, ct) =>
        {
            var all = await fleet.Post<AccountChange, ApiTokenView[]>($"tokens/{Uri.EscapeDataString(parsed.GetValue(id)!)}/revoke", new AccountChange(), ct);
            screen.Line($"{all[0].Id} ({all[0].Name}) opens nothing any more.");
        });
    }

    private static Permission Scope(string text) => Enum.TryParse<Permission>(text, ignoreCase: true, out var scope) && Enum.IsDefined(scope) && scope != Permission.None && !char.IsDigit(text[0])
        ? scope
        : throw new CliException($"'{text}' is no scope: read, label, operate, approve, administer or actFor.", ExitCodes.Configuration);

    private static string Time(DateTimeOffset? at) => at?.ToString("u", CultureInfo.InvariantCulture) ?? "";
}

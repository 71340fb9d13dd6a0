using System.CommandLine;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;
using Command = System.CommandLine.Command;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops login</c>: a token for name and password, or one that was made on a page, kept for the next commands.</summary>
internal static class LoginCommand
{
    public static Command Login(FleetCommand on)
    {
        var name = new Option<string?>("--name") { Description = "Your account's name. Without it a token is asked for, as the settings page and 'cvops token add' make them." };
        var days = new Option<double>("--valid-days") { Description = "How long the token is good that is made for your password, in days.", DefaultValueFactory = _ => 30 };
        return on.On(new Command("login", "Keep a token for the fleet at --fleet, so that the next commands need none. Password or token are read from the terminal or from standard input.") { name, days }, async (parsed, fleet, screen, ct) =>
        {
            var token = parsed.GetValue(name) is { } account
                ? (await fleet.Post<LoginRequest, ApiTokenCreated>("login", new LoginRequest(account, Prompt.Secret($"Password of {account}"), Prompt.Optional("One-time code (none: Enter)"), Environment.MachineName) { ValidDays = parsed.GetValue(days) }, ct)).Text
                : parsed.GetValue(on.Token) ?? Prompt.Secret($"Token for {fleet.Fleet}");
            using var known = new FleetClient(fleet.Fleet, token);
            var who = await known.Get<WhoView>("who", ct);
            screen.Line($"You are {who.Name} and may {string.Join(", ", who.Permissions)}. The token is kept in {Credentials.Save(fleet.Fleet, token)}.");
        });
    }

    public static Command Logout(FleetCommand on) => on.On(new Command("logout", "Forget the token of the fleet at --fleet, and take it back there."), async (_, fleet, screen, ct) =>
    {
        if (Credentials.Find(fleet.Fleet) is { } token && token.Split('_') is [_, var id, _, ..] && id != "local")
        {
            try
            {
                await fleet.Post<AccountChange, ApiTokenView[]>($"tokens/{id}/revoke", new AccountChange(), ct);
            }
            catch (CliException e)
            {
                screen.Line($"It was not taken back at the fleet: {e.Message}");
            }
        }
        screen.Line(Credentials.Forget(fleet.Fleet) ? $"The token for {fleet.Fleet} is forgotten." : $"There was no token for {fleet.Fleet}.");
    });
}

using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;
using Command = System.CommandLine.Command;

namespace CvOps.Cli.Commands;

/// <summary>People and programs at the fleet: who they are, what they may, and how they come in.</summary>
internal static class AccountCommands
{
    private const string RoleHelp = "viewer, labeller, operator, approver or admin; ROLE@SITE on one site alone.";

    public static IEnumerable<Command> All(FleetCommand on)
    {
        yield return LoginCommand.Login(on);
        yield return LoginCommand.Logout(on);
        yield return on.On(new Command("whoami", "Who you are to the fleet, and what you may."), async (_, fleet, screen, ct) =>
        {
            var who = await fleet.Get<WhoView>("who", ct);
            screen.One(who, ("name", who.Name), ("by", who.Kind), ("may", string.Join(", ", who.Permissions)), ("sites", who.Sites is { } sites ? string.Join(", ", sites) : "all"));
        });
        yield return new Command("account", "People's accounts and what they may.") { List(on), Add(on), Change(on, "grant", "Give an account a role."), Change(on, "revoke", "Take a role away."), Disable(on), Enable(on), SignOut(on), Reset(on), FactorCommands.All(on) };
        yield return TokenCommands.All(on);
    }

    private static Command List(FleetCommand on) => on.On(new Command("list", "Every account."), async (_, fleet, screen, ct) =>
        screen.Table(await fleet.Get<AccountView[]>("accounts", ct), "Nobody has an account. The fleet prints a link for the first administrator when it starts; 'cvops account add NAME admin' makes one, too.",
            ("name", one => one.Name), ("roles", one => Words(one.Roles)), ("signed in", one => Time(one.SignedInAt)),
            ("state", one => one.Disabled ? "disabled" : one.LockedUntil is { } until ? $"locked until {until:u}" : one.SecondFactor ? "two factors" : ""), ("from", one => one.Provider ?? "")));

    private static Command Add(FleetCommand on)
    {
        var (name, roles) = (Name(), new Argument<string[]>("role") { Arity = ArgumentArity.OneOrMore, Description = RoleHelp });
        return on.On(new Command("add", "Make an account. Its owner sets the password by a link that opens once.") { name, roles }, async (parsed, fleet, screen, ct) =>
            Show(await fleet.Post<AccountRequest, AccountLink>("accounts", new AccountRequest(parsed.GetValue(name)!, [.. parsed.GetValue(roles)!.Select(Role)]), ct), fleet, screen, parsed.GetValue(on.Json)));
    }

    private static Command Change(FleetCommand on, string verb, string help)
    {
        var (name, roles) = (Name(), new Argument<string[]>("role") { Arity = ArgumentArity.OneOrMore, Description = RoleHelp });
        return on.On(new Command(verb, help + " The account's sessions end.") { name, roles }, async (parsed, fleet, screen, ct) =>
        {
            RoleGrant[] given = [.. parsed.GetValue(roles)!.Select(Role)];
            await Put(parsed.GetValue(name)!, verb == "grant" ? new AccountChange { Grant = given } : new AccountChange { Revoke = given }, fleet, screen, ct);
        });
    }

    private static Command Disable(FleetCommand on)
    {
        var name = Name();
        return on.On(new Command("disable", "Let an account in no more; its sessions end and its tokens open nothing.") { name }, (parsed, fleet, screen, ct) => Put(parsed.GetValue(name)!, new AccountChange { Disabled = true }, fleet, screen, ct));
    }

    private static Command Enable(FleetCommand on)
    {
        var name = Name();
        return on.On(new Command("enable", "Let a disabled account in again.") { name }, (parsed, fleet, screen, ct) => Put(parsed.GetValue(name)!, new AccountChange { Disabled = false }, fleet, screen, ct));
    }

    private static Command SignOut(FleetCommand on)
    {
        var name = Name();
        return on.On(new Command("sign-out", "End an account's sessions everywhere; it may sign in again.") { name }, (parsed, fleet, screen, ct) => Put(parsed.GetValue(name)!, new AccountChange { EndSessions = true }, fleet, screen, ct));
    }

    private static Command Reset(FleetCommand on)
    {
        var name = Name();
        return on.On(new Command("reset", "Take password and second factor away; a link that opens once lets its owner set a new password.") { name }, async (parsed, fleet, screen, ct) =>
            Show(await fleet.Post<AccountChange, AccountLink>($"accounts/{Uri.EscapeDataString(parsed.GetValue(name)!)}/reset", new AccountChange(), ct), fleet, screen, parsed.GetValue(on.Json)));
    }

    private static async Task Put(string name, AccountChange change, FleetClient fleet, Output.Screen screen, CancellationToken ct)
    {
        var done = await fleet.Put<AccountChange, AccountLink>($"accounts/{Uri.EscapeDataString(name)}", change, ct);
        screen.One(done, ("name", done.Account.Name), ("roles", Words(done.Account.Roles)), ("state", done.Account.Disabled ? "disabled" : "enabled"));
    }

    private static void Show(AccountLink made, FleetClient fleet, Output.Screen screen, bool json)
    {
        screen.One(made, ("name", made.Account.Name), ("roles", Words(made.Account.Roles)), ("link until", Time(made.Until)));
        // Not in the grid: it wraps lines at the terminal's width, and a wrapped link is none.
        if (!json && made.Link is { } link) Console.Out.WriteLine($"\n{new Uri(fleet.Fleet, link)}");
    }

    private static Argument<string> Name() => new("name") { Description = "The account's name." };

    private static string Words(IEnumerable<RoleGrant> roles) => string.Join(", ", roles.Select(role => role.Role.ToString().ToLowerInvariant() + (role.Site is null ? "" : $"@{role.Site}")));

    private static string Time(DateTimeOffset? at) => at?.ToString("u", CultureInfo.InvariantCulture) ?? "";

    private static RoleGrant Role(string text) => text.Split('@', 2) is [var word, .. var site] && Enum.TryParse<Role>(word, ignoreCase: true, out var role) && Enum.IsDefined(role) && !char.IsDigit(word[0])
        ? new RoleGrant(role, site is [var one] ? one : null)
        : throw new CliException($"'{text}' is no role: {RoleHelp}", ExitCodes.Configuration);
}

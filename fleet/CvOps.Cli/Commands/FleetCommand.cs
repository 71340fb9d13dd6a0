using System.CommandLine;
using CvOps.Cli.Output;
using CvOps.Contracts.Packages;
using CvOps.Vision;

namespace CvOps.Cli.Commands;

/// <summary>What every command that talks to a fleet has: the address, JSON or tables, and one way to fail.</summary>
internal sealed class FleetCommand
{
    public Option<string> Fleet { get; } = new("--fleet")
    {
        Description = "Address of the fleet manager. Also: environment variable CVOPS_FLEET.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CVOPS_FLEET") ?? "http://127.0.0.1:8080",
        Recursive = true,
    };

    public Option<string?> Token { get; } = new("--token")
    {
        Description = "Token that is shown to the fleet. Others on the machine can see it on a command line: CVOPS_TOKEN hides it, 'cvops login' keeps it.",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Print the API's JSON instead of a table.", Recursive = true };

    /// <summary>Gives the command its action; a <see cref="CliException"/> becomes a sentence on standard error and its exit code.</summary>
    public Command On(Command command, Func<ParseResult, FleetClient, Screen, CancellationToken, Task> act)
    {
        command.SetAction((parsed, ct) => Guard(async () =>
        {
            var address = Address(parsed.GetValue(Fleet)!);
            using var fleet = new FleetClient(address, parsed.GetValue(Token) ?? Credentials.Find(address));
            await act(parsed, fleet, new Screen(Terminal.Open(), parsed.GetValue(Json)), ct);
            return ExitCodes.Ok;
        }));
        return command;
    }

    /// <summary>As <see cref="On"/>, and the command has --watch: it stays and shows each change.</summary>
    /// <param name="kinds">Of the fleet's events, those that change what the command shows; none: it is looked at every few seconds.</param>
    /// <param name="act">Only shows. Whatever does not change any more says so by <see cref="Screen.Over"/>.</param>
    public Command Watched(Command command, string[] kinds, Func<ParseResult, FleetClient, Screen, CancellationToken, Task> act)
    {
        var watch = new Option<bool>("--watch") { Description = Watch.Help };
        command.Add(watch);
        return On(command, (parsed, fleet, screen, ct) => parsed.GetValue(watch)
            ? new Watch(fleet, kinds, parsed.GetValue(Json)).RunAsync((drawn, cancel) => act(parsed, fleet, drawn, cancel), ct)
            : act(parsed, fleet, screen, ct));
    }

    /// <summary>A command that takes away what has a name.</summary>
    /// <param name="address">Of what has that name; the name is escaped already.</param>
    /// <param name="done">What a person is told.</param>
    public Command Removal(string verb, string says, Argument<string> name, Func<string, string> address, Func<string, string> done) =>
        On(new Command(verb, says) { name }, async (parsed, fleet, screen, ct) =>
        {
            await fleet.Delete(address(Uri.EscapeDataString(parsed.GetValue(name)!)), ct);
            screen.Line(done(parsed.GetValue(name)!));
        });

    /// <exception cref="CliException">The text is no HTTP address.</exception>
    internal static Uri Address(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https")
        ? address
        : throw new CliException($"'{text}' is no address of a fleet: use something like http://127.0.0.1:8080.", ExitCodes.Configuration);

    public static async Task<int> Guard(Func<Task<int>> act)
    {
        try
        {
            return await act();
        }
        catch (CliException e)
        {
            await Console.Error.WriteLineAsync($"cvops: {e.Message}");
            return e.ExitCode;
        }
        catch (QuietFailure)
        {
            return ExitCodes.Failed;
        }
        catch (Exception e) when (e is IOException or PackageException or ModelException or PictureException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"cvops: {e.Message}");
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }
}

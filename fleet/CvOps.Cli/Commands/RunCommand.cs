using System.CommandLine;
using System.Runtime.InteropServices;
using CvOps.Cli.Up;

namespace CvOps.Cli.Commands;

/// <summary>
/// <c>cvops run</c>: the agent's own frame path over a video or pictures. The agent's program does it; this process becomes that one, so that
/// arguments, terminal, signals and exit code are its own.
/// </summary>
internal static partial class RunCommand
{
    public const string Name = "run";

    /// <summary>For the list of commands; <c>cvops run</c> itself never comes here, since its options are the agent's to read.</summary>
    public static Command Create()
    {
        var command = new Command(Name, "Inspect every frame of a video or of a folder of pictures with a model, without a fleet; see cvops run --help.") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction((parsed, _) => FleetCommand.Guard(() => Task.FromResult(HandOver(parsed.UnmatchedTokens))));
        return command;
    }

    /// <param name="arguments">Without the verb.</param>
    /// <returns>Only when it could not be handed over.</returns>
    /// <exception cref="CliException">The agent's program is not there, or does not start.</exception>
    public static int HandOver(IEnumerable<string> arguments)
    {
        var agent = Programs.Own("CvOps.Agent", "cvops-agent");
        _ = Execute(agent, [agent, Name, .. arguments, null]);
        throw new CliException($"{agent} can't be started: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.", ExitCodes.Configuration);
    }

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);
}

using System.Runtime.InteropServices;
using CvOps.Cli.Up;

namespace CvOps.Cli.Commands;

/// <summary>
/// Commands that are the agent's: its program does them. This process becomes that one, so that arguments, terminal, signals and exit code are its own.
/// </summary>
internal static partial class AgentProgram
{
    /// <param name="verb">The agent's word for the command.</param>
    /// <param name="arguments">Without the verb.</param>
    /// <returns>Only when it could not be handed over.</returns>
    /// <exception cref="CliException">The agent's program is not there, or does not start.</exception>
    public static int HandOver(string verb, IEnumerable<string> arguments)
    {
        var agent = Programs.Own("CvOps.Agent", "cvops-agent");
        _ = Execute(agent, [agent, verb, .. arguments, null]);
        throw new CliException($"{agent} can't be started: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.", ExitCodes.Configuration);
    }

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);
}

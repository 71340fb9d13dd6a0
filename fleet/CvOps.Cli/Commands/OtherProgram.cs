using System.Runtime.InteropServices;
using CvOps.Cli.Up;

namespace CvOps.Cli.Commands;

/// <summary>
/// Commands that are another program's: it does them. This process becomes that one, so that arguments, terminal, signals and exit code are its own.
/// </summary>
internal static partial class OtherProgram
{
    /// <summary>To the agent's program.</summary>
    /// <param name="verb">Its word for the command.</param>
    /// <param name="arguments">Without the verb.</param>
    /// <returns>Only when it could not be handed over.</returns>
    /// <exception cref="CliException">The program is not there, or does not start.</exception>
    public static int Agent(string verb, IEnumerable<string> arguments) => HandOver(Programs.Own("CvOps.Agent", "cvops-agent"), verb, arguments);

    /// <summary>To the fleet manager's program, for what it does with its data on the machine it runs on.</summary>
    /// <inheritdoc cref="Agent"/>
    public static int Fleet(string verb, IEnumerable<string> arguments) => HandOver(Programs.Own("CvOps.Fleet", "cvops-fleet"), verb, arguments);

    private static int HandOver(string program, string verb, IEnumerable<string> arguments)
    {
        _ = Execute(program, [program, verb, .. arguments, null]);
        throw new CliException($"{program} can't be started: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.", ExitCodes.Configuration);
    }

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);
}

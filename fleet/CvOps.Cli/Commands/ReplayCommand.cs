using System.CommandLine;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops replay</c>: goes over a decision that an agent recorded. The agent's program does it.</summary>
internal static class ReplayCommand
{
    public const string Name = "replay";

    /// <summary>For the list of commands; <c>cvops replay</c> itself never comes here, since its options are the agent's to read.</summary>
    public static Command Create()
    {
        var command = new Command(Name, "Go over a decision an agent recorded: the same byte for byte, or which input differs; see cvops replay --help.") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction((parsed, _) => FleetCommand.Guard(() => Task.FromResult(OtherProgram.Agent(Name, parsed.UnmatchedTokens))));
        return command;
    }
}

using System.CommandLine;

namespace CvOps.Cli.Commands;

/// <summary>
/// <c>cvops run</c>: the agent's own frame path over a video or pictures. The agent's program does it.
/// </summary>
internal static class RunCommand
{
    public const string Name = "run";

    /// <summary>For the list of commands; <c>cvops run</c> itself never comes here, since its options are the agent's to read.</summary>
    public static Command Create()
    {
        var command = new Command(Name, "Inspect every frame of a video or of a folder of pictures with a model, without a fleet; see cvops run --help.") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction((parsed, _) => FleetCommand.Guard(() => Task.FromResult(OtherProgram.Agent(Name, parsed.UnmatchedTokens))));
        return command;
    }
}

using System.CommandLine;
using System.CommandLine.Help;
using CvOps.Cli.Commands;
using CvOps.Cli.Completion;
using CvOps.Cli.Demo;
using CvOps.Cli.Up;

namespace CvOps.Cli;

/// <summary>Every command of <c>cvops</c>.</summary>
internal static class CliRoot
{
    public const string Says = "cvops: run factory cameras as one fleet.";

    /// <summary>What the exit codes mean, for whoever writes a script.</summary>
    public const string Codes = """
        Exit codes: 0 done, 1 tried and failed, 69 no fleet answers, 78 a file, option or the machine is
        not as it must be, 130 ended by Ctrl-C (0 of --watch, which ends so).
        """;

    public static RootCommand Create()
    {
        var on = new FleetCommand();
        var root = new RootCommand($"{Says}\n\n{Codes}") { on.Fleet, on.Token, on.Json };
        root.Add(UpCommand.Create());
        root.Add(DoctorCommand.Create(on));
        root.Add(RunCommand.Create());
        root.Add(ReplayCommand.Create());
        root.Add(DemoCommand.Create());
        foreach (var command in DeviceCommands.All(on)) root.Add(command);
        root.Add(ModelCommands.All(on));
        root.Add(AgentCommands.All(on));
        root.Add(ConfigurationCommands.All(on));
        root.Add(RolloutCommands.All(on));
        root.Add(GroupCommands.All(on));
        root.Add(SiteCommands.All(on));
        root.Add(RetrainingCommands.All(on));
        root.Add(RunsCommands.All(on));
        root.Add(AlertCommands.All(on));
        foreach (var command in AccountCommands.All(on)) root.Add(command);
        root.Add(DeadLetterCommands.All(on));
        root.Add(RetentionCommands.All(on));
        foreach (var command in BackupCommands.All()) root.Add(command);
        root.Add(ContractsCommands.All());
        foreach (var command in LoopCommands.All(on)) root.Add(command);
        root.Add(CompletionCommand.Create());
        LiveNames.Give(root, on);
        var help = root.Options.OfType<HelpOption>().Single();
        // A Tab would offer them, and here they look like paths.
        foreach (var other in (string[])["/?", "/h", "-?"]) help.Aliases.Remove(other);
        help.Action = new RootHelp((HelpAction)help.Action!);
        return root;
    }
}

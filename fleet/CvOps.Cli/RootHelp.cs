using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Text;

namespace CvOps.Cli;

/// <summary>The first thing a newcomer sees: commands by what one wants to do. Every other command has the usual help.</summary>
internal sealed class RootHelp(HelpAction usual) : SynchronousCommandLineAction
{
    private const int Column = 16;

    /// <summary>Each command once; a test holds it against those there are.</summary>
    internal static readonly (string Group, string[] Commands)[] Groups =
    [
        ("Begin", ["up", "demo", "doctor", "run", "replay", "login", "logout", "whoami", "completion"]),
        ("See what is", ["status", "devices", "drift", "alerts", "deadletters", "audit"]),
        ("Models and rollouts", ["model", "rollout", "agents", "configuration", "group", "site"]),
        ("Labels and training", ["frames", "labels", "dataset", "training", "retraining", "runs"]),
        ("People and programs", ["account", "token", "contracts"]),
        ("The fleet's own machine", ["backup", "restore", "retention"]),
    ];

    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command is not RootCommand root) return usual.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output.Write(Text(root));
        return ExitCodes.Ok;
    }

    public static string Text(RootCommand root)
    {
        var text = new StringBuilder($"{CliRoot.Says}\n\n  cvops COMMAND [--fleet ADDRESS] [--json]      cvops COMMAND --help says more of one\n");
        foreach (var (group, names) in Groups)
        {
            text.Append('\n').Append(group).Append('\n');
            foreach (var name in names) text.Append("  ").Append(name.PadRight(Column)).Append(First(root.Subcommands.Single(command => command.Name == name).Description ?? "")).Append('\n');
        }
        return text.Append($"""

            For every command
              --fleet ADDRESS   of the fleet manager, else CVOPS_FLEET, else http://127.0.0.1:8080
              --token TOKEN     shown to it; 'cvops login' keeps one, CVOPS_TOKEN hides it from the process list
              --json            the API's JSON instead of a table; with --watch a line for each change

            {CliRoot.Codes}

            """.ReplaceLineEndings("\n")).ToString();
    }

    /// <summary>The first sentence, or what stands before its first colon or semicolon: a line has no room for more.</summary>
    private static string First(string description)
    {
        var end = description.IndexOfAny(['.', ';', '(']);
        return (end > 0 ? description[..end] : description).Trim();
    }
}

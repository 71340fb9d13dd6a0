using System.CommandLine;

namespace CvOps.Cli.Completion;

/// <summary><c>cvops completion</c>: a script with which a shell completes commands, options and the fleet's own names.</summary>
internal static class CompletionCommand
{
    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var completion = new Command("completion", "Print the script with which a shell completes commands, options and the fleet's names; in bash: source <(cvops completion bash)") { shell };
        completion.SetAction(parsed => Console.Out.Write(CompletionScripts.Of(parsed.GetValue(shell)!)));
        return completion;
    }
}

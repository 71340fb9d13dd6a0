using System.CommandLine;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops backup</c> and <c>cvops restore</c>, for the list of commands: the fleet manager's program reads their options and does them.</summary>
internal static class BackupCommands
{
    public const string Backup = "backup";
    public const string Restore = "restore";

    public static IEnumerable<Command> All() =>
    [
        new Command(Backup, "A fleet's data into an encrypted repository, while it runs, on its machine; list and check what is there. See cvops backup --help."),
        new Command(Restore, "A backup into an empty folder, for a fleet to start on. See cvops restore --help."),
    ];
}

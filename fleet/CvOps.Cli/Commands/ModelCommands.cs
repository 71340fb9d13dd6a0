using System.CommandLine;

namespace CvOps.Cli.Commands;

/// <summary>Model packages on this machine, and the registry of the fleet.</summary>
internal static class ModelCommands
{
    public static Argument<FileInfo> Package() => new Argument<FileInfo>("package") { Description = "A .cvmodel file." }.AcceptExistingOnly();

    public static Command All(FleetCommand on) => new("model", "Model packages: keys and trust, init, pack, sign, inspect, verify; the fleet's registry: push, pull, list, show, alias, history, revoke, gate, accuracy.")
    {
        ModelKeyCommand.Create(), ModelTrustCommand.Create(on), ModelInitCommand.Create(), ModelPackCommand.Create(), ModelSignCommand.Create(), ModelInspectCommand.Create(on), ModelVerifyCommand.Create(),
        ModelRegistryCommands.Push(on), ModelRegistryCommands.Pull(on), ModelRegistryCommands.List(on), ModelHistoryCommands.Show(on), ModelHistoryCommands.Alias(on), ModelHistoryCommands.History(on), ModelHistoryCommands.Revoke(on), ModelRegistryCommands.Gate(on), ModelAccuracyCommand.Create(on),
    };
}

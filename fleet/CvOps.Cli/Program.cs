using System.CommandLine;
using CvOps.Cli.Commands;
using CvOps.Cli.Demo;
using CvOps.Cli.Up;

if (args is [RunCommand.Name or ReplayCommand.Name, .. var rest]) return await FleetCommand.Guard(() => Task.FromResult(OtherProgram.Agent(args[0], rest)));
// Its options are the agent's to read, too.
if (args is ["drift", "compare", .. var recordings]) return await FleetCommand.Guard(() => Task.FromResult(OtherProgram.Agent("drift-compare", recordings)));
if (args is [BackupCommands.Backup or BackupCommands.Restore, .. var backup]) return await FleetCommand.Guard(() => Task.FromResult(OtherProgram.Fleet(args[0], backup)));

var on = new FleetCommand();
var root = new RootCommand("""
    cvops: run factory cameras as one fleet.

    Exit codes: 0 done, 1 tried and failed, 69 no fleet answers, 78 a file, option or the machine is not as it must be.
    """) { on.Fleet, on.Token, on.Json };
root.Add(UpCommand.Create());
root.Add(RunCommand.Create());
root.Add(ReplayCommand.Create());
root.Add(DemoCommand.Create());
foreach (var command in DeviceCommands.All(on)) root.Add(command);
root.Add(ModelCommands.All(on));
root.Add(ConfigurationCommands.All(on));
root.Add(RolloutCommands.All(on));
root.Add(GroupCommands.All(on));
root.Add(SiteCommands.All(on));
root.Add(RetrainingCommands.All(on));
root.Add(RunsCommands.All(on));
root.Add(AlertCommands.All(on));
foreach (var command in AccountCommands.All(on)) root.Add(command);
root.Add(DeadLetterCommands.All(on));
foreach (var command in BackupCommands.All()) root.Add(command);
root.Add(ContractsCommands.All());
foreach (var command in LoopCommands.All(on)) root.Add(command);
// Two seconds by default: after them Ctrl-C would leave 'up' with its processes half stopped.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });

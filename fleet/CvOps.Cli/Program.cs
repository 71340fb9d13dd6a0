using System.CommandLine;
using CvOps.Cli;
using CvOps.Cli.Commands;

if (args is [RunCommand.Name or ReplayCommand.Name, .. var rest]) return await FleetCommand.Guard(() => Task.FromResult(OtherProgram.Agent(args[0], rest)));
// Its options are the agent's to read, too.
if (args is ["drift", "compare", .. var recordings]) return await FleetCommand.Guard(() => Task.FromResult(OtherProgram.Agent("drift-compare", recordings)));
if (args is [BackupCommands.Backup or BackupCommands.Restore, .. var backup]) return await FleetCommand.Guard(() => Task.FromResult(OtherProgram.Fleet(args[0], backup)));

// Two seconds by default: after them Ctrl-C would leave 'up' with its processes half stopped.
return await CliRoot.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });

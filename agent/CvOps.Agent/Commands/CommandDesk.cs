using System.Globalization;
using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Preview;
using CvOps.Agent.Programs;
using CvOps.Agent.Update.Maintenance;
using CvOps.Contracts;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Commands;

/// <summary>
/// Does commands, each at most once: the id is on disk before anything is done, so a command that the broker delivers again after a restart
/// is refused. Called by one thread at a time.
/// </summary>
internal sealed partial class CommandDesk(AgentOptions options, IEnumerable<CameraLoop> cameras, MaintenanceGate maintenance, QuietPoint quiet, LineSignal line, PreviewDesk preview, LogTail tail, TimeProvider time, ILogger<CommandDesk> log)
{
    private readonly CommandMemory _memory = new(Path.Combine(options.Data, "commands.json"), time);
    private readonly CommandAudit _audit = new(Path.Combine(options.Data, "command-audit.jsonl"));
    private readonly CommandTrust _trust = new(options);

    /// <returns>The answer to publish; null when the command has no id that could be a topic.</returns>
    /// <exception cref="IOException">The id could not be noted; nothing was done.</exception>
    public CommandResponse? Do(Command command)
    {
        if (!Identifier.IsValid(command.Id)) return null;
        var now = time.GetUtcNow();
        _memory.Forget(now);
        if ((_trust.Problem(command, now) ?? CommandGate.Refusal(command, now, _memory.Done, _memory.ForgottenUntil)) is { } refusal) return Answer(command, false, refusal);
        _memory.Note(command.Id, command.ExpiresAt);
        return command.Name switch
        {
            "ping" => Answer(command, true, "The agent is here."),
            "restart-camera" => RestartCamera(command),
            "show-camera" => ShowCamera(command),
            "update-now" => UpdateNow(command),
            "line" => TellLine(command),
            "log" => ReadLog(command),
            _ => Answer(command, false, $"This agent knows no command '{command.Name}'; it knows ping, restart-camera, show-camera, update-now, line and log."),
        };
    }

    private CommandResponse RestartCamera(Command command)
    {
        var wanted = command.Arguments?.GetValueOrDefault("camera");
        if (cameras.FirstOrDefault(camera => camera.Lane.Camera.Value == wanted) is not { } found)
        {
            return Answer(command, false, $"There is no camera '{wanted}'; there are {string.Join(", ", cameras.Select(camera => camera.Lane.Camera))}.");
        }
        found.Restart();
        return Answer(command, true, $"The connection of camera '{wanted}' was dropped; a new one is being made.");
    }

    private CommandResponse ShowCamera(Command command)
    {
        var wanted = command.Arguments?.GetValueOrDefault("camera");
        if (cameras.FirstOrDefault(camera => camera.Lane.Camera.Value == wanted) is not { } found)
        {
            return Answer(command, false, $"There is no camera '{wanted}'; there are {string.Join(", ", cameras.Select(camera => camera.Lane.Camera))}.");
        }
        var seconds = command.Arguments?.GetValueOrDefault("seconds") ?? $"{PreviewDesk.MostSeconds}";
        if (!int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length is < 1 or > PreviewDesk.MostSeconds)
        {
            return Answer(command, false, $"seconds={seconds} is not 1 to {PreviewDesk.MostSeconds}.");
        }
        preview.Show(found.Lane.Camera, TimeSpan.FromSeconds(length));
        return Answer(command, true, $"Camera '{wanted}' is shown for {length} s.");
    }

    private CommandResponse UpdateNow(Command command) => maintenance.Now() | quiet.Now()
        ? Answer(command, true, "The update waits for no maintenance window any more.")
        : Answer(command, false, "No update waits for a maintenance window here.");

    private CommandResponse TellLine(Command command)
    {
        var state = command.Arguments?.GetValueOrDefault("state");
        if (state is not ("idle" or "running")) return Answer(command, false, "Say state=idle or state=running.");
        return line.Tell(state == "idle")
            ? Answer(command, true, $"The line is {state}.")
            : Answer(command, false, "This device does not ask commands whether its line is idle; its configuration would say 'when-idle: by: command'.");
    }

    private CommandResponse ReadLog(Command command)
    {
        var lines = command.Arguments?.GetValueOrDefault("lines") ?? $"{LogTail.Most}";
        if (!int.TryParse(lines, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > LogTail.Most) return Answer(command, false, $"lines={lines} is not 1 to {LogTail.Most}.");
        var severity = command.Arguments?.GetValueOrDefault("severity") ?? $"{LogSeverity.Information}";
        if (!Enum.TryParse<LogSeverity>(severity, ignoreCase: true, out var from) || !Enum.IsDefined(from)) return Answer(command, false, $"severity={severity} is none of {string.Join(", ", Enum.GetNames<LogSeverity>())}.");
        var taken = tail.Take(count, from);
        return Answer(command, true, $"{taken.Count} {(taken.Count == 1 ? "line" : "lines")}; the agent started at {tail.Since:u}, what it said before is in the device's journal.") with { Log = taken };
    }

    private CommandResponse Answer(Command command, bool succeeded, string message)
    {
        Log.CommandAnswered(log, command.Name, command.Id, command.IssuedBy, succeeded, message);
        try
        {
            _audit.Record(new CommandRecord(time.GetUtcNow(), command.Id, command.Name, command.IssuedBy, succeeded, message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The command is done, or refused: the log has it, and the fleet hears the answer.
            Log.NotRecorded(log, command.Id, e.Message);
        }
        return new CommandResponse(command.Id, options.Device, succeeded, message);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 5100, Level = LogLevel.Information, Message = "Command {Name} ({Id}) of {IssuedBy}: {Succeeded}. {Answer}")]
        public static partial void CommandAnswered(ILogger log, string name, string id, string issuedBy, bool succeeded, string answer);

        [LoggerMessage(EventId = 5101, Level = LogLevel.Warning, Message = "Command {Id} is missing in command-audit.jsonl: {Reason}")]
        public static partial void NotRecorded(ILogger log, string id, string reason);
    }
}

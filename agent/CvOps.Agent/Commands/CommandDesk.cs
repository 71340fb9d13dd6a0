using System.Text.Json;
using System.Text.Json.Serialization;
using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Update;
using CvOps.Agent.Update.Maintenance;
using CvOps.Contracts;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Commands;

/// <summary>
/// Does commands, each at most once: the id is on disk before anything is done, so a command that the broker delivers again after a restart
/// is refused. Called by one thread at a time.
/// </summary>
internal sealed partial class CommandDesk(AgentOptions options, IEnumerable<CameraLoop> cameras, MaintenanceGate maintenance, LineSignal line, TimeProvider time, ILogger<CommandDesk> log)
{
    private readonly Dictionary<string, DateTimeOffset> _done = Read(PathIn(options));

    /// <returns>The answer to publish; null when the command has no id that could be a topic.</returns>
    /// <exception cref="IOException">The id could not be noted; nothing was done.</exception>
    public CommandResponse? Do(Command command)
    {
        if (!Identifier.IsValid(command.Id)) return null;
        var now = time.GetUtcNow();
        foreach (var old in _done.Where(it => it.Value + CommandGate.ClockSkew < now).Select(it => it.Key).ToArray()) _done.Remove(old);
        if (CommandGate.Refusal(command, now, _done) is { } refusal) return Answer(command, false, refusal);
        _done[command.Id] = command.ExpiresAt;
        DurableFile.Write(PathIn(options), JsonSerializer.SerializeToUtf8Bytes(_done, CommandJson.Default.DictionaryStringDateTimeOffset));
        return command.Name switch
        {
            "ping" => Answer(command, true, "The agent is here."),
            "restart-camera" => RestartCamera(command),
            "update-now" => UpdateNow(command),
            "line" => TellLine(command),
            _ => Answer(command, false, $"This agent knows no command '{command.Name}'; it knows ping, restart-camera, update-now and line."),
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

    private CommandResponse UpdateNow(Command command) => maintenance.Now()
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

    private CommandResponse Answer(Command command, bool succeeded, string message)
    {
        Log.CommandAnswered(log, command.Name, command.Id, command.IssuedBy, succeeded, message);
        return new CommandResponse(command.Id, options.Device, succeeded, message);
    }

    private static string PathIn(AgentOptions options) => Path.Combine(options.Data, "commands.json");

    private static Dictionary<string, DateTimeOffset> Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), CommandJson.Default.DictionaryStringDateTimeOffset) ?? [] : [];
        }
        catch (JsonException)
        {
            // Only the memory of commands of the last hour is in it.
            return [];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 5100, Level = LogLevel.Information, Message = "Command {Name} ({Id}) of {IssuedBy}: {Succeeded}. {Answer}")]
        public static partial void CommandAnswered(ILogger log, string name, string id, string issuedBy, bool succeeded, string answer);
    }
}

[JsonSerializable(typeof(Dictionary<string, DateTimeOffset>))]
internal sealed partial class CommandJson : JsonSerializerContext;

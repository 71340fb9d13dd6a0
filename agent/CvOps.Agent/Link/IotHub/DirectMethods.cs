using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Twin;
using Microsoft.Azure.Devices.Client;

namespace CvOps.Agent.Link.IotHub;

/// <summary>
/// Direct methods are commands: the method's name is the command's, the payload its arguments or the whole <see cref="Command"/>. They wait in the
/// same inbox and pass the same gate; the method's answer is the command's.
/// </summary>
internal sealed class DirectMethods(FleetInbox inbox, DeviceId device, TimeProvider time)
{
    private const string Caller = "iothub";

    private const int Done = 200;
    private const int Unreadable = 400;
    private const int Refused = 409;
    private const int Busy = 503;
    private const int TooLate = 504;

    /// <summary>What a hub gives a call by default; the answer has to be there before.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    private readonly ConcurrentDictionary<string, TaskCompletionSource<CommandResponse>> _waiting = new(StringComparer.Ordinal);

    /// <summary>A <see cref="MethodCallback"/>.</summary>
    public async Task<MethodResponse> HandleAsync(MethodRequest request, object? context)
    {
        if (Read(request, out var problem) is not { } command) return Answer(Unreadable, "", problem);
        var answer = new TaskCompletionSource<CommandResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_waiting.TryAdd(command.Id, answer)) return Answer(Refused, command.Id, "A command of this id is being done.");
        try
        {
            if (!inbox.Put(command)) return Answer(Busy, command.Id, "Too many commands wait already; try again.");
            var response = await answer.Task.WaitAsync(Patience, time);
            return new MethodResponse(JsonSerializer.SerializeToUtf8Bytes(response, ContractsJson.Default.CommandResponse), response.Succeeded ? Done : Refused);
        }
        catch (TimeoutException)
        {
            return Answer(TooLate, command.Id, "The command was not done in time; it is refused once it has expired.");
        }
        finally
        {
            _waiting.TryRemove(command.Id, out _);
        }
    }

    /// <returns>False when nobody waits for it any more.</returns>
    public bool Answer(CommandResponse response) => _waiting.TryGetValue(response.Id, out var waiting) && waiting.TrySetResult(response);

    private Command? Read(MethodRequest request, out string problem)
    {
        problem = "";
        try
        {
            var payload = JsonNode.Parse(request.DataAsJson ?? "null");
            if (payload is JsonObject document && document.ContainsKey("id"))
            {
                var command = document.Deserialize(ContractsJson.Default.Command);
                if (command is null || !Identifier.IsValid(command.Id)) problem = "The command has no usable id.";
                else if (command.Name != request.Name) problem = $"The method is '{request.Name}', and the command in its payload is '{command.Name}'.";
                else return command;
                return null;
            }
            if (payload is null or JsonObject)
            {
                var now = time.GetUtcNow();
                return new Command(Guid.CreateVersion7(now).ToString("N"), request.Name, now, now + Life, Caller, (payload as JsonObject)?.ToDictionary(it => it.Key, it => Text(it.Value)));
            }
            problem = "The payload is neither an object of arguments nor a command.";
        }
        catch (JsonException e)
        {
            problem = $"The payload can't be read: {e.Message}";
        }
        return null;
    }

    private static string Text(JsonNode? value) => value is JsonValue plain
        ? plain.TryGetValue<string>(out var text) ? text : plain.ToJsonString()
        : throw new JsonException("an argument is a text, a number, true or false.");

    private MethodResponse Answer(int status, string id, string message) =>
        new(JsonSerializer.SerializeToUtf8Bytes(new CommandResponse(id, device, false, message), ContractsJson.Default.CommandResponse), status);
}

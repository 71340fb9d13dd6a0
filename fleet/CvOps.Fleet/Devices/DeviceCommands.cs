using System.Collections.Concurrent;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Access;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Devices;

/// <param name="Response">The device's answer; null when there was none.</param>
/// <param name="Sent">Whether the broker took the command.</param>
/// <param name="Problem">Why there is no answer.</param>
internal sealed record CommandOutcome(CommandResponse? Response, bool Sent, string? Problem);

/// <summary>Sends a command and waits for its answer. An answer that nobody waits for any more is dropped.</summary>
internal sealed class DeviceCommands(FleetLink link, Audit audit, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<CommandResponse>> _waiting = new();

    public async Task<CommandOutcome> SendAsync(DeviceView device, CommandRequest request, string by, CancellationToken cancel)
    {
        var id = Guid.CreateVersion7().ToString("N");
        var wait = TimeSpan.FromSeconds(request.TimeoutSeconds);
        var now = time.GetUtcNow();
        var command = new Command(id, request.Name, now, now + wait, by, request.Arguments);
        var answer = new TaskCompletionSource<CommandResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        try
        {
            await audit.RecordAsync(by, "device.command", device.Id.Value, request.Name, cancel);
            try
            {
                await link.PublishAsync(new Topics(device.Site, device.Id).Command(request.Name), JsonSerializer.SerializeToUtf8Bytes(command, ContractsJson.Default.Command), retain: false, cancel);
            }
            catch (LinkDownException e)
            {
                return new CommandOutcome(null, false, $"The command was not sent: {e.Message}");
            }
            return new CommandOutcome(await answer.Task.WaitAsync(wait, time, cancel), true, null);
        }
        catch (TimeoutException)
        {
            return new CommandOutcome(null, true, $"{device.Id} did not answer '{request.Name}' within {wait.TotalSeconds} s; it is {device.Connectivity}, last heard of at {device.LastSeen:u}.");
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    public void Complete(CommandResponse response)
    {
        if (_waiting.TryRemove(response.Id, out var answer)) answer.TrySetResult(response);
    }
}

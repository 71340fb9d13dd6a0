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
/// <param name="Valid">The device may still do it.</param>
internal sealed record CommandOutcome(CommandResponse? Response, bool Sent, string? Problem, bool Valid = false);

/// <summary>
/// Sends a command, signed, and waits for its answer; both go to the audit log, and to <see cref="CommandLog"/> before it is sent: one that is still valid when the
/// fleet ends is sent, and its answer recorded, by the next start. An answer to what this fleet never asked goes there, too: somebody else
/// commands its devices, or tries.
/// </summary>
internal sealed class DeviceCommands(FleetLink link, CommandSigner signer, CommandLog commands, Audit audit, TimeProvider time)
{
    /// <summary>Entries of the log that are looked through for who asked.</summary>
    private const int Lookback = 2000;

    /// <summary>Answers a minute and device, of which nobody knows the question, that get into the log.</summary>
    private const int MostUnasked = 5;

    private readonly AttemptLimit _unasked = new(MostUnasked, time);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<CommandResponse>> _waiting = new();

    public async Task<CommandOutcome> SendAsync(DeviceView device, CommandRequest request, string by, CancellationToken cancel)
    {
        var id = Guid.CreateVersion7().ToString("N");
        var wait = TimeSpan.FromSeconds(request.TimeoutSeconds);
        var now = time.GetUtcNow();
        var life = TimeSpan.FromSeconds(Math.Max(request.ExpiresSeconds, request.TimeoutSeconds));
        var command = signer.Sign(new Command(id, request.Name, now, now + life, by, request.Arguments), device.Id);
        var outlives = life > wait;
        var answer = new TaskCompletionSource<CommandResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        try
        {
            await audit.RecordAsync(by, Asked, device.Id.Value, $"{id} {request.Name}{string.Concat((request.Arguments ?? new Dictionary<string, string>()).Select(pair => $" {pair.Key}={pair.Value}"))}", cancel);
            await commands.AddAsync(command, device.Id, cancel);
            try
            {
                await link.PublishAsync(new Topics(device.Site, device.Id).Command(request.Name), JsonSerializer.SerializeToUtf8Bytes(command, ContractsJson.Default.Command), retain: false, cancel);
                await commands.SentAsync(id, cancel);
            }
            catch (LinkDownException e) when (outlives)
            {
                return new CommandOutcome(null, false, $"The broker is away ({e.Message.TrimEnd('.')}). The command waits for it until {command.ExpiresAt:u}; 'cvops device commands {device.Id}' says what becomes of it.", Valid: true);
            }
            catch (LinkDownException e)
            {
                await audit.RecordAsync(by, Answered, device.Id.Value, $"{id} was not sent: {e.Message}", cancel);
                return new CommandOutcome(null, false, $"The command was not sent: {e.Message}");
            }
            var response = await answer.Task.WaitAsync(wait, time, cancel);
            await audit.RecordAsync(by, Answered, device.Id.Value, $"{id} {(response.Succeeded ? "done" : "refused")}: {response.Message}", cancel);
            return new CommandOutcome(response, true, null);
        }
        catch (TimeoutException)
        {
            // Another fleet on the same database may have heard it.
            if (await commands.FindAsync(id, cancel) is { AnsweredAt: not null } view) return new CommandOutcome(new CommandResponse(id, device.Id, view.State == CommandState.Done, view.Message ?? ""), true, null);
            if (outlives) return new CommandOutcome(null, true, $"{device.Id} has not answered '{request.Name}' yet and may do it until {command.ExpiresAt:u}; 'cvops device commands {device.Id}' says what becomes of it.", Valid: true);
            await audit.RecordAsync(by, Answered, device.Id.Value, $"{id} was not answered within {wait.TotalSeconds} s", cancel);
            return new CommandOutcome(null, true, $"{device.Id} did not answer '{request.Name}' within {wait.TotalSeconds} s; it is {device.Connectivity}, last heard of at {device.LastSeen:u}.");
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    /// <summary>Each answer comes twice: the broker has two subscriptions of ours for it.</summary>
    public async ValueTask CompleteAsync(CommandResponse response, CancellationToken cancel)
    {
        var first = await commands.AnsweredAsync(response, cancel);
        if (_waiting.TryRemove(response.Id, out var answer))
        {
            answer.TrySetResult(response);
            return;
        }
        if (first == true) await audit.RecordAsync("commands", Answered, response.Device.Value, $"{response.Id} {(response.Succeeded ? "done" : "refused")}, after nobody waited any more: {response.Message}", cancel);
        if (first is not null) return;
        if (_unasked.IsReached(response.Device.Value) || await audit.MentionsAsync(Asked, Unasked, response.Device.Value, response.Id, Lookback, cancel)) return;
        _unasked.Failed(response.Device.Value);
        await audit.RecordAsync("commands", Unasked, response.Device.Value, $"{response.Id} did not come from this fleet; the device {(response.Succeeded ? "did it" : "refused")}: {response.Message}", cancel);
    }

    private const string Asked = "device.command";
    private const string Answered = "device.command.answered";
    private const string Unasked = "device.command.unasked";
}

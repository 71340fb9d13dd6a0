using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using MQTTnet;

namespace CvOps.Fleet.Ingest;

/// <summary>Takes over a session at the broker that no fleet is connected to (MQTT 5, 3.1.4: the newer connection has it), takes in what waits there, and ends it.</summary>
internal sealed class AbandonedSession(FleetLink link, MqttIngest ingest, Seats seats, TimeProvider time)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    /// <returns>Messages taken in; null when its own fleet is back and has the rest.</returns>
    /// <exception cref="LinkDownException">The broker cannot be reached, or the connection broke: what was not acknowledged still waits.</exception>
    public async Task<long?> EmptyAsync(string client, CancellationToken cancel)
    {
        var reader = new MessageReader();
        var taken = 0L;
        using var connection = new MqttClientFactory().CreateMqttClient();
        connection.ApplicationMessageReceivedAsync += async received =>
        {
            if (SessionMark.Is(received.ApplicationMessage.Topic)) return;
            var message = reader.Read(received.ApplicationMessage.Topic, received.ApplicationMessage.Payload);
            // Retained: every living fleet has heard these by its own subscription, and newer ones since. Acknowledged and nothing else.
            if (message.Body is DeviceStatus or TwinReported) return;
            Interlocked.Increment(ref taken);
            await ingest.TakeAsync(received, message, cancel);
        };
        try
        {
            var connected = await connection.ConnectAsync(link.OptionsFor(client), cancel);
            if (connected.ResultCode != MqttClientConnectResultCode.Success) throw new LinkDownException($"The broker refused session {client}: {connected.ResultCode} {connected.ReasonString}");
            if (!connected.IsSessionPresent) return 0;
            var emptied = EmptiedAsync();
            while (!emptied.IsCompleted)
            {
                await Task.WhenAny(emptied, Task.Delay(Pace, time, cancel));
                if (!await seats.KeepAsync(client, cancel)) return null;
            }
            await emptied;
            await connection.TryDisconnectAsync();
        }
        catch (Exception e) when (e is not LinkDownException && (e is not OperationCanceledException || !cancel.IsCancellationRequested))
        {
            throw new LinkDownException($"Session {client}: {e.GetBaseException().Message}", e);
        }
        await link.EndSessionAsync(client, cancel);
        return Interlocked.Read(ref taken);

        async Task EmptiedAsync()
        {
            await SessionMark.PassAsync(connection, client, cancel);
            await ingest.CatchUpAsync(cancel);
        }
    }
}

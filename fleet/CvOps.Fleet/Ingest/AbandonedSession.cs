using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using MQTTnet;

namespace CvOps.Fleet.Ingest;

/// <summary>Takes over a session at the broker that no fleet is connected to (MQTT 5, 3.1.4: the newer connection has it), takes in what waits there, and ends it.</summary>
internal sealed class AbandonedSession(FleetLink link, MqttIngest ingest, Seats seats, TimeProvider time)
{
    /// <summary>A broker that has had nothing to say for so long has nothing more.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    /// <returns>Messages taken in; null when its own fleet is back and has the rest.</returns>
    /// <exception cref="LinkDownException">The broker cannot be reached, or the connection broke: what was not acknowledged still waits.</exception>
    public async Task<long?> EmptyAsync(string client, CancellationToken cancel)
    {
        var reader = new MessageReader();
        var (taken, last) = (0L, time.GetTimestamp());
        using var connection = new MqttClientFactory().CreateMqttClient();
        connection.ApplicationMessageReceivedAsync += async received =>
        {
            last = time.GetTimestamp();
            var message = reader.Read(received.ApplicationMessage.Topic, received.ApplicationMessage.Payload);
            // Every living fleet has heard these by its own subscription, and newer ones since. Acknowledged and nothing else.
            if (message.Body is DeviceStatus or TwinReported or CommandResponse) return;
            Interlocked.Increment(ref taken);
            await ingest.TakeAsync(received, message, cancel);
        };
        try
        {
            var connected = await connection.ConnectAsync(link.OptionsFor(client), cancel);
            if (connected.ResultCode != MqttClientConnectResultCode.Success) throw new LinkDownException($"The broker refused session {client}: {connected.ResultCode} {connected.ReasonString}");
            if (!connected.IsSessionPresent) return 0;
            // No new share for it; what was put aside comes.
            var leave = new MqttClientUnsubscribeOptionsBuilder();
            foreach (var filter in MqttIngest.Subscriptions) leave.WithTopicFilter(filter);
            await connection.UnsubscribeAsync(leave.Build(), cancel);
            while (time.GetElapsedTime(last) < Quiet)
            {
                await Task.Delay(Pace, time, cancel);
                if (!await seats.KeepAsync(client, cancel)) return null;
                if (!connection.IsConnected) throw new LinkDownException($"The connection of session {client} ended.");
                if (time.GetElapsedTime(last) >= Quiet) await ingest.CatchUpAsync(cancel);
            }
            await connection.TryDisconnectAsync();
        }
        catch (Exception e) when (e is not LinkDownException && (e is not OperationCanceledException || !cancel.IsCancellationRequested))
        {
            throw new LinkDownException($"Session {client}: {e.GetBaseException().Message}", e);
        }
        await link.EndSessionAsync(client, cancel);
        return Interlocked.Read(ref taken);
    }
}

using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Fleet.Ingest;

/// <summary>
/// Says for sure that a session has nothing left: its shares are taken away, and a message is sent to itself. A broker delivers in order (MQTT 5, 4.6), so when the mark
/// comes, everything that was put aside before it has come. Silence would prove nothing on a busy machine.
/// </summary>
internal static class SessionMark
{
    /// <summary>Outside of what fleets share.</summary>
    private const string Root = "cvops/mark/";

    public static bool Is(string topic) => topic.StartsWith(Root, StringComparison.Ordinal);

    /// <param name="client">Connected, with the session.</param>
    /// <param name="id">Its client id.</param>
    /// <exception cref="LinkDownException">The connection broke, or the broker refused.</exception>
    public static async Task PassAsync(IMqttClient client, string id, CancellationToken cancel)
    {
        var topic = $"{Root}{id}";
        var word = Guid.NewGuid().ToString("N");
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        client.ApplicationMessageReceivedAsync += OnReceived;
        client.DisconnectedAsync += OnDisconnected;
        try
        {
            await client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter(topic, MqttQualityOfServiceLevel.AtLeastOnce).Build(), cancel);
            var leave = new MqttClientUnsubscribeOptionsBuilder();
            foreach (var filter in (IEnumerable<string>)[.. IngestTopics.All, IngestTopics.Former]) leave.WithTopicFilter(filter);
            await client.UnsubscribeAsync(leave.Build(), cancel);
            await client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(word).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), cancel);
            await came.Task.WaitAsync(cancel);
        }
        catch (Exception e) when (e is not LinkDownException && (e is not OperationCanceledException || !cancel.IsCancellationRequested))
        {
            throw new LinkDownException($"Session {id} could not be emptied: {e.GetBaseException().Message}", e);
        }
        finally
        {
            client.ApplicationMessageReceivedAsync -= OnReceived;
            client.DisconnectedAsync -= OnDisconnected;
        }

        Task OnReceived(MqttApplicationMessageReceivedEventArgs received)
        {
            // One of a former try may come first.
            if (received.ApplicationMessage.Topic == topic && received.ApplicationMessage.ConvertPayloadToString() == word) came.TrySetResult();
            return Task.CompletedTask;
        }

        Task OnDisconnected(MqttClientDisconnectedEventArgs _)
        {
            came.TrySetException(new LinkDownException($"The connection of session {id} ended."));
            return Task.CompletedTask;
        }
    }
}

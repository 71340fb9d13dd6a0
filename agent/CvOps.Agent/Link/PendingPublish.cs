using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Agent.Link;

/// <summary>What every message on its way needs: the client, its topics' aliases, and the objects to use again.</summary>
/// <param name="HasProperties">MQTT 5.</param>
/// <param name="Events">Null: without CloudEvents attributes.</param>
internal sealed record PublishPath(IMqttClient Client, bool HasProperties, CloudEventNames? Events, Listeners Listeners)
{
    public TopicAliases Aliases { get; } = new();

    public ConcurrentQueue<PendingPublish> Spare { get; } = new();
}

/// <summary>
/// One message between the call that sends it and its outcome. It is used again when the outcome was taken, and its message object
/// with it: the client keeps none once its task is complete.
/// </summary>
internal sealed class PendingPublish : IValueTaskSource<PublishOutcome>
{
    private readonly PublishPath _path;
    private readonly Action _observe;
    private readonly CloudEventProperties? _event;
    private readonly MqttApplicationMessage _message = new() { QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce };
    private PublishedTopic _topic;
    private string? _heard;
    private ManualResetValueTaskSourceCore<PublishOutcome> _outcome;
    private Task<MqttClientPublishResult>? _publishing;
    private bool _answered;

    private PendingPublish(PublishPath path)
    {
        _path = path;
        _event = path.Events is null ? null : new CloudEventProperties(path.Events);
        _observe = Observe;
        // 3.1.1 has no properties.
        if (path.HasProperties) _message.ContentType = "application/json";
    }

    /// <param name="payload">Must stay as it is until the outcome.</param>
    /// <param name="toBeHeard">It counts only when somebody gets it; not for what is retained for whoever comes.</param>
    /// <returns>To be awaited once. Fails only for cancellation, or for a bug.</returns>
    public static ValueTask<PublishOutcome> Start(
        PublishPath path, string topic, ReadOnlyMemory<byte> payload, bool retain, uint expirySeconds, bool toBeHeard, CancellationToken cancellationToken)
    {
        if (!path.Spare.TryDequeue(out var pending)) pending = new PendingPublish(path);
        pending._topic = path.Aliases.Of(topic);
        pending._heard = toBeHeard ? topic : null;
        (pending._message.Topic, pending._message.TopicAlias) = (pending._topic.Topic, pending._topic.Alias);
        pending._message.Payload = new ReadOnlySequence<byte>(payload);
        pending._message.Retain = retain;
        pending._message.MessageExpiryInterval = expirySeconds;
        pending._message.UserProperties = pending._event?.Of(topic, payload.Span);
        try
        {
            pending._publishing = path.Client.PublishAsync(pending._message, cancellationToken);
        }
        catch (Exception e) when (PublishDecision.Of(e) is not null)
        {
            return ValueTask.FromResult(PublishDecision.Of(e)!.Value);
        }
        var awaiter = pending._publishing.ConfigureAwait(false).GetAwaiter();
        if (awaiter.IsCompleted) pending.Observe();
        else awaiter.UnsafeOnCompleted(pending._observe);
        return new ValueTask<PublishOutcome>(pending, pending._outcome.Version);
    }

    public PublishOutcome GetResult(short token)
    {
        // Whoever was cancelled or failed may have left the message with the client.
        var reuse = _answered;
        var outcome = _outcome.GetResult(token);
        if (!reuse) return outcome;
        _answered = false;
        _outcome.Reset();
        _path.Spare.Enqueue(this);
        return outcome;
    }

    public ValueTaskSourceStatus GetStatus(short token) => _outcome.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _outcome.OnCompleted(continuation, state, token, flags);

    private void Observe()
    {
        var publishing = _publishing!;
        _publishing = null;
        if (publishing.IsCompletedSuccessfully)
        {
            var result = publishing.Result;
            _answered = true;
            var outcome = PublishDecision.Of(result.ReasonCode, result.ReasonString);
            // Even a message that was refused told the broker what the alias stands for; only a taken one proves it.
            if (outcome.Verdict == PublishVerdict.Acknowledged) _path.Aliases.Learned(_topic);
            if (outcome.Verdict == PublishVerdict.Acknowledged && _heard is { } topic && _path.Listeners.Missed(topic, result.ReasonCode == MqttClientPublishReasonCode.NoMatchingSubscribers))
                outcome = PublishOutcome.Unheard;
            _outcome.SetResult(outcome);
            return;
        }
        var failure = publishing.Exception?.InnerException ?? new TaskCanceledException(publishing);
        if (PublishDecision.Of(failure) is { } doubt) _outcome.SetResult(doubt);
        else _outcome.SetException(failure);
    }
}

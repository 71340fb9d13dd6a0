using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Agent.Link;

/// <summary>
/// One message between the call that sends it and its outcome. It is used again when the outcome was taken, and its message object
/// with it: the client keeps none once its task is complete.
/// </summary>
internal sealed class PendingPublish : IValueTaskSource<PublishOutcome>
{
    private readonly ConcurrentQueue<PendingPublish> _spare;
    private readonly Action _observe;
    private readonly MqttApplicationMessage _message = new() { ContentType = "application/json", QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce };
    private ManualResetValueTaskSourceCore<PublishOutcome> _outcome;
    private Task<MqttClientPublishResult>? _publishing;
    private bool _answered;

    private PendingPublish(ConcurrentQueue<PendingPublish> spare)
    {
        _spare = spare;
        _observe = Observe;
    }

    /// <param name="payload">Must stay as it is until the outcome.</param>
    /// <returns>To be awaited once. Fails only for cancellation, or for a bug.</returns>
    public static ValueTask<PublishOutcome> Start(
        ConcurrentQueue<PendingPublish> spare, IMqttClient client, string topic, ReadOnlyMemory<byte> payload, bool retain, uint expirySeconds, CancellationToken cancellationToken)
    {
        if (!spare.TryDequeue(out var pending)) pending = new PendingPublish(spare);
        pending._message.Topic = topic;
        pending._message.Payload = new ReadOnlySequence<byte>(payload);
        pending._message.Retain = retain;
        pending._message.MessageExpiryInterval = expirySeconds;
        try
        {
            pending._publishing = client.PublishAsync(pending._message, cancellationToken);
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
        _spare.Enqueue(this);
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
            _outcome.SetResult(PublishDecision.Of(result.ReasonCode, result.ReasonString));
            return;
        }
        var failure = publishing.Exception?.InnerException ?? new TaskCanceledException(publishing);
        if (PublishDecision.Of(failure) is { } outcome) _outcome.SetResult(outcome);
        else _outcome.SetException(failure);
    }
}

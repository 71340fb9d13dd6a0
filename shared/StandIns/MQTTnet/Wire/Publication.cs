using System.Runtime.CompilerServices;
using MQTTnet.Protocol;

namespace MQTTnet.Wire;

/// <summary>
/// One message from the call that publishes it to its end. Its state changes under the outbox's guard; the caller's task is completed on a
/// thread of the pool, never by the thread that reads, which a caller's continuation could hold up. Used again when nobody can know it any more.
/// </summary>
internal sealed class Publication(Connection connection) : IThreadPoolWorkItem
{
    private AsyncTaskMethodBuilder<MqttClientPublishResult> _caller;
    private CancellationTokenRegistration _watching;
    private MqttClientPublishResult? _result;
    private Exception? _problem;

    /// <summary>Null once it is encoded.</summary>
    public MqttApplicationMessage? Message { get; set; }

    /// <summary>QoS 2: PUBREC has come and PUBREL is on its way; PUBCOMP ends it.</summary>
    public bool Released { get; set; }

    public MqttQualityOfServiceLevel Quality { get; private set; }

    /// <summary>QoS 2: what PUBREC said.</summary>
    public byte Code { get; set; }

    /// <summary>The caller has, or is about to have, an answer; what the server still says does not matter any more.</summary>
    public bool Settled { get; private set; }

    /// <summary>Begins anew with the next message.</summary>
    public Task<MqttClientPublishResult> Begin(MqttApplicationMessage message, CancellationToken cancellationToken)
    {
        Message = message;
        Quality = message.QualityOfServiceLevel;
        Released = false;
        Settled = false;
        _result = null;
        _problem = null;
        _caller = AsyncTaskMethodBuilder<MqttClientPublishResult>.Create();
        var task = _caller.Task;
        // Last: from here on it may be cancelled at any time.
        _watching = cancellationToken.UnsafeRegister(static (publication, token) => ((Publication)publication!).Cancel(token), this);
        return task;
    }

    public void Settle(MqttClientPublishResult result)
    {
        if (Settled) return;
        Settled = true;
        _result = result;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Settle(Exception problem)
    {
        if (Settled) return;
        Settled = true;
        _problem = problem;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute()
    {
        var caller = _caller;
        if (_result is not { } result)
        {
            caller.SetException(_problem!);
            return;
        }
        // A cancellation that is just being called still knows this object.
        if (_watching.Unregister()) connection.Return(this);
        caller.SetResult(result);
    }

    private void Cancel(CancellationToken token) => connection.Cancel(this, new OperationCanceledException(token));
}

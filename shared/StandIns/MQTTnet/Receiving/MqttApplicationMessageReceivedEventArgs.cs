namespace MQTTnet;

/// <summary>What PUBACK or PUBREC says of a received message; codes of 128 and above say that it was not taken.</summary>
public enum MqttApplicationMessageReceivedReasonCode
{
    Success = 0,
    NoMatchingSubscribers = 16,
    UnspecifiedError = 128,
    ImplementationSpecificError = 131,
    NotAuthorized = 135,
    TopicNameInvalid = 144,
    PacketIdentifierInUse = 145,
    PacketIdentifierNotFound = 146,
    QuotaExceeded = 151,
    PayloadFormatInvalid = 153,
}

/// <summary>
/// One message received. It is acknowledged when the handler returns, unless <see cref="AutoAcknowledge"/> was set to false; then
/// <see cref="AcknowledgeAsync"/> does it, at any later time. A message whose handler throws is not acknowledged.
/// </summary>
public sealed class MqttApplicationMessageReceivedEventArgs : EventArgs
{
    private readonly Func<MqttApplicationMessageReceivedEventArgs, CancellationToken, Task> _acknowledge;
    private int _acknowledged;

    internal MqttApplicationMessageReceivedEventArgs(
        string clientId, MqttApplicationMessage applicationMessage, ushort packetIdentifier, Func<MqttApplicationMessageReceivedEventArgs, CancellationToken, Task> acknowledge)
    {
        ClientId = clientId;
        ApplicationMessage = applicationMessage;
        PacketIdentifier = packetIdentifier;
        _acknowledge = acknowledge;
    }

    public MqttApplicationMessage ApplicationMessage { get; }

    public bool AutoAcknowledge { get; set; } = true;

    public string ClientId { get; }

    /// <summary>0 for QoS 0.</summary>
    public ushort PacketIdentifier { get; }

    /// <summary>True leaves the message unacknowledged: the server sends it again in the session's next connection.</summary>
    public bool ProcessingFailed { get; set; }

    public MqttApplicationMessageReceivedReasonCode ReasonCode { get; set; } = MqttApplicationMessageReceivedReasonCode.Success;

    /// <exception cref="InvalidOperationException">It was acknowledged before.</exception>
    /// <exception cref="Exceptions.MqttCommunicationException">The connection it came over has ended; the server will send it again.</exception>
    public Task AcknowledgeAsync(CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref _acknowledged, 1) == 0
            ? _acknowledge(this, cancellationToken)
            : throw new InvalidOperationException("The application message is already acknowledged.");
}

namespace MQTTnet;

public enum MqttClientDisconnectOptionsReason
{
    NormalDisconnection = 0,
    DisconnectWithWillMessage = 4,
    UnspecifiedError = 128,
    MalformedPacket = 129,
    ProtocolError = 130,
    ImplementationSpecificError = 131,
    TopicNameInvalid = 144,
    ReceiveMaximumExceeded = 147,
    TopicAliasInvalid = 148,
    PacketTooLarge = 149,
    MessageRateTooHigh = 150,
    QuotaExceeded = 151,
    AdministrativeAction = 152,
    PayloadFormatInvalid = 153,
}

/// <summary>A goodbye. With 3.1.1 the reasons can't be said.</summary>
public sealed class MqttClientDisconnectOptions
{
    public MqttClientDisconnectOptionsReason Reason { get; set; } = MqttClientDisconnectOptionsReason.NormalDisconnection;

    public string? ReasonString { get; set; }

    public uint SessionExpiryInterval { get; set; }
}

public sealed class MqttClientDisconnectOptionsBuilder
{
    private readonly MqttClientDisconnectOptions _options = new();

    public MqttClientDisconnectOptions Build() => _options;

    public MqttClientDisconnectOptionsBuilder WithReason(MqttClientDisconnectOptionsReason value)
    {
        _options.Reason = value;
        return this;
    }

    public MqttClientDisconnectOptionsBuilder WithReasonString(string? value)
    {
        _options.ReasonString = value;
        return this;
    }

    public MqttClientDisconnectOptionsBuilder WithSessionExpiryInterval(uint value)
    {
        _options.SessionExpiryInterval = value;
        return this;
    }
}

using MQTTnet.Protocol;

namespace MQTTnet.Exceptions;

/// <summary>The network or the server failed; trying again may help.</summary>
public class MqttCommunicationException : Exception
{
    public MqttCommunicationException(Exception innerException)
        : base(innerException?.Message ?? "MQTT communication failed.", innerException)
    {
    }

    public MqttCommunicationException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

public sealed class MqttCommunicationTimedOutException : MqttCommunicationException
{
    public MqttCommunicationTimedOutException()
        : base("The operation has timed out.")
    {
    }

    public MqttCommunicationTimedOutException(Exception innerException)
        : base("The operation has timed out.", innerException)
    {
    }
}

public class MqttClientNotConnectedException() : MqttCommunicationException("The MQTT client is not connected.");

/// <summary>The connection ended while an answer was awaited; whether the server acted is unknown.</summary>
public sealed class MqttClientDisconnectedException(Exception? innerException)
    : MqttCommunicationException(innerException is null ? "The MQTT client is disconnected." : $"The MQTT client is disconnected: {innerException.Message}", innerException);

/// <summary>The server ended the connection and said why.</summary>
public sealed class MqttClientUnexpectedDisconnectReceivedException : MqttCommunicationException
{
    internal MqttClientUnexpectedDisconnectReceivedException(MqttDisconnectReasonCode reasonCode, string? reasonString)
        : base($"Unexpected DISCONNECT (Reason code={reasonCode}) received{(reasonString is null ? "" : ": " + reasonString)}.")
    {
        ReasonCode = reasonCode;
        ReasonString = reasonString;
    }

    public MqttDisconnectReasonCode? ReasonCode { get; }

    public string? ReasonString { get; }
}

/// <summary>Somebody, perhaps the caller, broke MQTT's rules.</summary>
public class MqttProtocolViolationException(string message) : Exception(message);

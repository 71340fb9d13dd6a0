using MQTTnet;

namespace CvOps.Agent.Link;

/// <summary>MQTT's reason codes in words that say what to do.</summary>
internal static class BrokerAnswer
{
    /// <summary>To CONNECT.</summary>
    /// <param name="text">What the broker adds; null for nothing.</param>
    public static string Of(MqttClientConnectResultCode code, string? text, string? elsewhere) => With(text, code switch
    {
        // A broker of before 5.0 may answer in its own tongue.
        MqttClientConnectResultCode.UnsupportedProtocolVersion or (MqttClientConnectResultCode)1 => "it does not speak this version of MQTT; set link: protocol: 3.1.1",
        MqttClientConnectResultCode.ClientIdentifierNotValid => "it does not take this device's name as a client's; look at device: and at the broker's settings",
        MqttClientConnectResultCode.BadUserNameOrPassword => "user name or password are wrong; look at link: user and password-file",
        MqttClientConnectResultCode.NotAuthorized => "it does not let this device in; enrol it (cvops-agent enroll), or look at link: user and password-file",
        MqttClientConnectResultCode.Banned => "it has banned this device; ask whoever runs the broker",
        MqttClientConnectResultCode.BadAuthenticationMethod => "it wants another way to log in than certificates or passwords",
        MqttClientConnectResultCode.ServerUnavailable or MqttClientConnectResultCode.ServerBusy => "it has no time for us; we try again",
        MqttClientConnectResultCode.ConnectionRateExceeded or MqttClientConnectResultCode.QuotaExceeded => "too many connect to it; we try again, or raise its limits",
        MqttClientConnectResultCode.UseAnotherServer or MqttClientConnectResultCode.ServerMoved => $"it sends us {elsewhere ?? "elsewhere"}; change link: brokers",
        MqttClientConnectResultCode.QoSNotSupported => "it takes no messages of QoS 1, which CvOps needs; change its max_qos",
        MqttClientConnectResultCode.RetainNotSupported => "it keeps no retained messages, which CvOps needs; change its retain_available",
        MqttClientConnectResultCode.TopicNameInvalid => "it does not take the topic of this device's last will; look at its access list",
        MqttClientConnectResultCode.PacketTooLarge => "its largest packet is too small even for connecting; raise its max_packet_size",
        _ => "it refused the device",
    }, code);

    /// <summary>To SUBSCRIBE.</summary>
    public static string Of(MqttClientSubscribeResultCode code, string topic) => code switch
    {
        MqttClientSubscribeResultCode.NotAuthorized or MqttClientSubscribeResultCode.UnspecifiedError =>
            $"its access list does not let this device read {topic} ({code}); a device reads under its own name only",
        MqttClientSubscribeResultCode.WildcardSubscriptionsNotSupported => $"it allows no wildcards, which {topic} needs",
        MqttClientSubscribeResultCode.QuotaExceeded => $"it allows this device no more subscriptions, such as {topic}",
        _ => $"it refused the subscription to {topic}: {code}",
    };

    /// <summary>To PUBLISH.</summary>
    public static string Of(MqttClientPublishReasonCode code, string? text) => With(text, code switch
    {
        MqttClientPublishReasonCode.NotAuthorized => "the broker refused it: its access list does not let this device write this topic",
        MqttClientPublishReasonCode.TopicNameInvalid => "the broker refused it: it does not take this topic",
        MqttClientPublishReasonCode.PayloadFormatInvalid => "the broker refused it: the payload is not what its properties say",
        MqttClientPublishReasonCode.QuotaExceeded => "the broker could not take it: its quota for this device is used up; raise its limits",
        _ => "the broker could not take it",
    }, code);

    /// <summary>DISCONNECT, or why we ended it.</summary>
    public static string Of(MqttClientDisconnectReason code, string? text) => With(text, code switch
    {
        MqttClientDisconnectReason.SessionTakenOver => "another client connected under this device's name; look for a second agent with the same device:",
        MqttClientDisconnectReason.KeepAliveTimeout => "the other side was silent for too long",
        MqttClientDisconnectReason.ServerShuttingDown => "the broker is shutting down",
        MqttClientDisconnectReason.ServerBusy or MqttClientDisconnectReason.QuotaExceeded or MqttClientDisconnectReason.MessageRateTooHigh
            or MqttClientDisconnectReason.ConnectionRateExceeded => "the broker has too much to do, or this device is over its quota",
        MqttClientDisconnectReason.NotAuthorized => "the broker does not let this device in any more; is its certificate revoked?",
        MqttClientDisconnectReason.PacketTooLarge => "a packet was larger than allowed; raise the broker's max_packet_size",
        MqttClientDisconnectReason.AdministrativeAction => "somebody ended it at the broker",
        MqttClientDisconnectReason.UseAnotherServer or MqttClientDisconnectReason.ServerMoved => "the broker sends us elsewhere; change link: brokers",
        _ => "the connection ended",
    }, code);

    private static string With<T>(string? text, string sentence, T code) where T : struct, Enum => text is null ? $"{sentence} ({code})" : $"{sentence} ({code}: {text})";
}

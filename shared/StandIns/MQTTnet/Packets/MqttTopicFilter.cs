using MQTTnet.Protocol;

namespace MQTTnet.Packets;

/// <summary>One subscription; <c>$share/{group}/{filter}</c> shares it with the other members of the group.</summary>
public sealed class MqttTopicFilter
{
    public bool NoLocal { get; set; }

    public MqttQualityOfServiceLevel QualityOfServiceLevel { get; set; }

    public bool RetainAsPublished { get; set; }

    public MqttRetainHandling RetainHandling { get; set; } = MqttRetainHandling.SendAtSubscribe;

    public string Topic { get; set; } = "";

    public override string ToString() => $"{Topic} (QoS {(int)QualityOfServiceLevel})";
}

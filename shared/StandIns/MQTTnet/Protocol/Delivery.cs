namespace MQTTnet.Protocol;

public enum MqttQualityOfServiceLevel
{
    AtMostOnce = 0,
    AtLeastOnce = 1,
    ExactlyOnce = 2,
}

public enum MqttRetainHandling
{
    SendAtSubscribe = 0,
    SendAtSubscribeIfNewSubscriptionOnly = 1,
    DoNotSendOnSubscribe = 2,
}

public enum MqttPayloadFormatIndicator
{
    Unspecified = 0,
    CharacterData = 1,
}

namespace MQTTnet;

#pragma warning disable CA1822 // The original's are instance methods.
public class MqttClientFactory
{
    public MqttApplicationMessageBuilder CreateApplicationMessageBuilder() => new();

    public MqttClientDisconnectOptionsBuilder CreateClientDisconnectOptionsBuilder() => new();

    public MqttClientOptionsBuilder CreateClientOptionsBuilder() => new();

    public IMqttClient CreateMqttClient() => new MqttClient(TimeProvider.System);

    public MqttClientSubscribeOptionsBuilder CreateSubscribeOptionsBuilder() => new();

    public MqttTopicFilterBuilder CreateTopicFilterBuilder() => new();

    public MqttClientUnsubscribeOptionsBuilder CreateUnsubscribeOptionsBuilder() => new();
}

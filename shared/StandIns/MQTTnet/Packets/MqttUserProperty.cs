using System.Text;

namespace MQTTnet.Packets;

/// <summary>A name and value that travel with an MQTT 5 packet.</summary>
public sealed class MqttUserProperty(string name, string value)
{
    public MqttUserProperty(string name, ReadOnlyMemory<byte> value)
        : this(name, Encoding.UTF8.GetString(value.Span))
    {
    }

    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));

    public string Value { get; } = value ?? throw new ArgumentNullException(nameof(value));

    public override string ToString() => $"{Name} = {Value}";
}

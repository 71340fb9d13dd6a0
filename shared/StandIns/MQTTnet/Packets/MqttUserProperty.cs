using System.Text;

namespace MQTTnet.Packets;

/// <summary>A name and value that travel with an MQTT 5 packet.</summary>
/// <param name="name">Ours to choose.</param>
/// <param name="value">UTF-8; must stay as it is until the packet is sent.</param>
public sealed class MqttUserProperty(string name, ReadOnlyMemory<byte> value)
{
    public MqttUserProperty(string name, ArraySegment<byte> value)
        : this(name, value.AsMemory())
    {
    }

    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));

    public ReadOnlyMemory<byte> ValueBuffer { get; } = value;

    public override string ToString() => $"{Name} = {this.ReadValueAsString()}";
}

public static class MqttUserPropertyExtensions
{
    public static string ReadValueAsString(this MqttUserProperty property)
    {
        ArgumentNullException.ThrowIfNull(property);
        return Encoding.UTF8.GetString(property.ValueBuffer.Span);
    }
}

using MQTTnet.Packets;

namespace CvOps.Agent.Link;

/// <summary>A user property whose value changes with every message. MQTTnet's holds on to its memory, so there is one for each length that came up, over one buffer.</summary>
internal sealed class VaryingProperty(string name)
{
    public const int Longest = 64;

    private readonly byte[] _value = new byte[Longest];
    private readonly MqttUserProperty?[] _byLength = new MqttUserProperty?[Longest + 1];

    /// <returns>Good until the next call; null for a value that is empty or longer than any should be.</returns>
    public MqttUserProperty? Of(ReadOnlySpan<byte> value)
    {
        if (value.Length is 0 or > Longest) return null;
        value.CopyTo(_value);
        return _byLength[value.Length] ??= new MqttUserProperty(name, _value.AsMemory(0, value.Length));
    }
}

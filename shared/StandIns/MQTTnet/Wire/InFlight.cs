using MQTTnet.Exceptions;

namespace MQTTnet.Wire;

/// <summary>Packet identifiers in use, with who waits for the answer. Those given back longest ago are taken first. Not safe for several threads.</summary>
internal sealed class InFlight
{
    private readonly Queue<ushort> _free = new();
    private object?[] _waiting = new object?[32];
    private int _highest;

    /// <exception cref="MqttCommunicationException">All of them wait for an answer.</exception>
    public ushort Take(object waiting)
    {
        if (!_free.TryDequeue(out var identifier))
        {
            if (_highest == ushort.MaxValue) throw new MqttCommunicationException("All 65,535 packet identifiers wait for an answer.");
            identifier = (ushort)++_highest;
            if (identifier >= _waiting.Length) Array.Resize(ref _waiting, _waiting.Length * 2);
        }
        _waiting[identifier] = waiting;
        return identifier;
    }

    /// <returns>Who waited; null when the identifier was not in use.</returns>
    public object? Release(ushort identifier)
    {
        if (identifier >= _waiting.Length || _waiting[identifier] is not { } waiting) return null;
        _waiting[identifier] = null;
        _free.Enqueue(identifier);
        return waiting;
    }

    /// <summary>Everybody who waits.</summary>
    public IEnumerable<object> All() => _waiting.OfType<object>();
}

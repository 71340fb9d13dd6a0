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
            do
            {
                if (_highest == ushort.MaxValue) throw new MqttCommunicationException("All 65,535 packet identifiers wait for an answer.");
                identifier = (ushort)++_highest;
                Grow(identifier);
            }
            while (_waiting[identifier] is not null);
        }
        _waiting[identifier] = waiting;
        return identifier;
    }

    /// <summary>Takes this identifier, before any other is taken.</summary>
    public void Reserve(ushort identifier, object waiting)
    {
        Grow(identifier);
        _waiting[identifier] = waiting;
    }

    /// <returns>Who waits; null when the identifier is not in use.</returns>
    public object? Peek(ushort identifier) => identifier < _waiting.Length ? _waiting[identifier] : null;

    /// <returns>Who waited; null when the identifier was not in use.</returns>
    public object? Release(ushort identifier)
    {
        if (identifier >= _waiting.Length || _waiting[identifier] is not { } waiting) return null;
        _waiting[identifier] = null;
        _free.Enqueue(identifier);
        return waiting;
    }

    /// <summary>Everybody who waits.</summary>
    public IEnumerable<(ushort Identifier, object Waiting)> All()
    {
        for (var identifier = 0; identifier < _waiting.Length; identifier++)
        {
            if (_waiting[identifier] is { } waiting) yield return ((ushort)identifier, waiting);
        }
    }

    private void Grow(ushort identifier)
    {
        if (identifier >= _waiting.Length) Array.Resize(ref _waiting, Math.Max(_waiting.Length * 2, identifier + 1));
    }
}

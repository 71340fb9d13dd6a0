namespace MQTTnet.Wire;

/// <summary>
/// What QoS 2 has to remember from one connection of a session to the next: messages we took that the server has not released yet, and
/// messages of ours the server may hold and wait to have released. Safe for several threads.
/// </summary>
/// <param name="owner">Whose session it is, and where: another server counts packet identifiers of its own.</param>
internal sealed class SessionState(string owner)
{
    private readonly Lock _guard = new();
    private readonly HashSet<ushort> _taken = [];
    private readonly HashSet<ushort> _unreleased = [];
    private int _generation;

    public string Owner { get; } = owner;

    /// <summary>Whose <see cref="Take"/> and <see cref="Leave"/> still count.</summary>
    public int Generation
    {
        get { lock (_guard) return _generation; }
    }

    /// <summary>The server does not know the session any more; what connections before this still say does not count.</summary>
    public void Clear()
    {
        lock (_guard)
        {
            _generation++;
            _taken.Clear();
            _unreleased.Clear();
        }
    }

    /// <summary>The message is ours now: when it comes again before its release it is a repetition.</summary>
    public void Take(ushort identifier, int generation)
    {
        lock (_guard)
        {
            if (generation == _generation) _taken.Add(identifier);
        }
    }

    public bool HasTaken(ushort identifier)
    {
        lock (_guard) return _taken.Contains(identifier);
    }

    /// <returns>False when it was not taken, or released before.</returns>
    public bool Release(ushort identifier)
    {
        lock (_guard) return _taken.Remove(identifier);
    }

    /// <summary>The connection ended before the server confirmed the release of this message of ours.</summary>
    public void Leave(ushort identifier, int generation)
    {
        lock (_guard)
        {
            if (generation == _generation) _unreleased.Add(identifier);
        }
    }

    /// <summary>What earlier connections left; it is forgotten here.</summary>
    public ushort[] TakeUnreleased()
    {
        lock (_guard)
        {
            ushort[] left = [.. _unreleased];
            _unreleased.Clear();
            return left;
        }
    }
}

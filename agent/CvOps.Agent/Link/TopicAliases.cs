namespace CvOps.Agent.Link;

/// <summary>A topic as it is published: with an alias, which stands for it once the broker knows both.</summary>
/// <param name="Topic">Empty when the alias says it.</param>
/// <param name="Alias">0: none.</param>
/// <param name="Connection">What <see cref="TopicAliases.Learned"/> wants to know again.</param>
internal readonly record struct PublishedTopic(string Topic, ushort Alias, int Connection);

/// <summary>
/// MQTT 5's topic aliases for the topics of this device that come again and again: two bytes for some forty. A topic gets one when it comes for the
/// second time, so that those used once, such as a sampled frame's, take none. The alias alone is used only after the broker has acknowledged it
/// beside its topic: no order of packets and no message that was given up can leave it unexplained. Safe for several threads; allocates for new
/// topics only.
/// </summary>
internal sealed class TopicAliases
{
    /// <summary>Topics remembered until they come again.</summary>
    private const int Remembered = 32;

    private readonly Lock _guard = new();
    private readonly Dictionary<string, (ushort Alias, bool Known)> _aliases = new(StringComparer.Ordinal);
    private readonly string?[] _seen = new string?[Remembered];
    private int _next;
    private int _most;
    private int _connection;

    /// <summary>Forgets the last connection's.</summary>
    /// <param name="most">Aliases the broker allows; 0: none.</param>
    public void Begin(int most)
    {
        lock (_guard)
        {
            _connection++;
            _most = most;
            _aliases.Clear();
        }
    }

    public PublishedTopic Of(string topic)
    {
        lock (_guard)
        {
            if (_most == 0) return new PublishedTopic(topic, 0, _connection);
            if (_aliases.TryGetValue(topic, out var it)) return new PublishedTopic(it.Known ? "" : topic, it.Alias, _connection);
            if (_aliases.Count >= _most || !SeenBefore(topic)) return new PublishedTopic(topic, 0, _connection);
            var alias = (ushort)(_aliases.Count + 1);
            _aliases.Add(topic, (alias, false));
            return new PublishedTopic(topic, alias, _connection);
        }
    }

    /// <summary>The broker has acknowledged a message that went out so.</summary>
    public void Learned(in PublishedTopic published)
    {
        if (published.Alias == 0 || published.Topic.Length == 0) return;
        lock (_guard)
        {
            if (published.Connection == _connection && _aliases.TryGetValue(published.Topic, out var it)) _aliases[published.Topic] = (it.Alias, true);
        }
    }

    private bool SeenBefore(string topic)
    {
        foreach (var seen in _seen)
        {
            if (seen == topic) return true;
        }
        _seen[_next] = topic;
        _next = (_next + 1) % Remembered;
        return false;
    }
}

using CvOps.Agent.Spool;
using CvOps.Contracts;

namespace CvOps.Agent.Link;

/// <summary>
/// What "no matching subscribers" means. mosquitto 2.0 saves sessions but not their shared subscriptions: killed and started again it has none for the
/// fleet until that is back, and acknowledges what it then throws away. So where somebody listened before, a message that finds nobody is sent again,
/// for a while; where nobody ever did, as with a broker nobody looks at, it counts as delivered. Safe for several threads.
/// </summary>
internal sealed class Listeners(TimeProvider time)
{
    /// <summary>For a fleet that starts again with its broker; who is gone for longer is gone.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Lock _guard = new();
    private readonly bool[] _listened = new bool[Enum.GetValues<TopicKind>().Length + 1];
    private readonly long?[] _gone = new long?[Enum.GetValues<TopicKind>().Length + 1];

    /// <param name="nobody">The broker said that nobody gets it.</param>
    /// <returns>True when the message is to be sent again.</returns>
    public bool Missed(string topic, bool nobody)
    {
        // The last place is for topics of another tree.
        var kind = (int?)SpoolTopic.KindOf(topic) ?? _listened.Length - 1;
        lock (_guard)
        {
            if (!nobody)
            {
                (_listened[kind], _gone[kind]) = (true, null);
                return false;
            }
            if (!_listened[kind]) return false;
            if (time.GetElapsedTime(_gone[kind] ??= time.GetTimestamp()) < Patience) return true;
            (_listened[kind], _gone[kind]) = (false, null);
            return false;
        }
    }
}

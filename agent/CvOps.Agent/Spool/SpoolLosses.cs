using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Spool;

/// <summary>What the spool gave up since the start, by kind and reason. Any thread.</summary>
internal sealed class SpoolLosses(TimeProvider time)
{
    private static readonly TopicKind[] Kinds = Enum.GetValues<TopicKind>();
    private static readonly SpoolLossReason[] Reasons = Enum.GetValues<SpoolLossReason>();

    // The last row is for topics of other trees.
    private readonly long[,] _messages = new long[Kinds.Length + 1, Reasons.Length];
    private readonly long[,] _newest = new long[Kinds.Length + 1, Reasons.Length];     // milliseconds since 1970

    public void Count(TopicKind? kind, SpoolLossReason reason, long messages = 1)
    {
        if (messages == 0) return;
        var row = kind is { } known ? (int)known : Kinds.Length;
        Interlocked.Exchange(ref _newest[row, (int)reason], time.GetUtcNow().ToUnixTimeMilliseconds());
        Interlocked.Add(ref _messages[row, (int)reason], messages);
    }

    /// <summary>All kinds together.</summary>
    public long Of(SpoolLossReason reason)
    {
        var sum = 0L;
        for (var kind = 0; kind <= Kinds.Length; kind++) sum += Interlocked.Read(ref _messages[kind, (int)reason]);
        return sum;
    }

    public long Of(TopicKind kind, SpoolLossReason reason) => Interlocked.Read(ref _messages[(int)kind, (int)reason]);

    /// <returns>Null when nothing was given up.</returns>
    public IReadOnlyList<SpoolLoss>? Report()
    {
        List<SpoolLoss>? losses = null;
        for (var kind = 0; kind <= Kinds.Length; kind++)
        {
            foreach (var reason in Reasons)
            {
                if (Interlocked.Read(ref _messages[kind, (int)reason]) is > 0 and var messages)
                    (losses ??= []).Add(new SpoolLoss(kind < Kinds.Length ? Kinds[kind] : null, reason, messages) { At = DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Read(ref _newest[kind, (int)reason])) });
            }
        }
        return losses;
    }
}

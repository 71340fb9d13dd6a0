using System.Collections.Concurrent;

namespace CvOps.Agent.Link;

/// <summary>
/// What the device says of itself and the broker keeps for whoever comes later. Of each topic only the newest document counts, and each new connection is told
/// all of them again: a broker may have lost what it kept.
/// </summary>
/// <param name="publish">Retained.</param>
internal sealed class RetainedOutbox(Func<string, ReadOnlyMemory<byte>, CancellationToken, ValueTask<PublishOutcome>> publish) : IDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> _newest = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _said = [];
    private readonly SemaphoreSlim _sending = new(1, 1);

    public void Put(string topic, byte[] document) => _newest[topic] = document;

    /// <summary>Says what was not said yet, one message at a time.</summary>
    /// <param name="anew">To a new connection: everything.</param>
    /// <returns>Why something was not taken; null when all was.</returns>
    public async Task<string?> SendAsync(bool anew, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            if (anew) _said.Clear();
            // Whoever put something while we waited or sent is sent by us, and finds nothing left to do.
            while (_newest.FirstOrDefault(one => _said.GetValueOrDefault(one.Key) != one.Value) is { Key: { } topic, Value: var document })
            {
                var outcome = await publish(topic, document, cancellationToken);
                if (outcome.Verdict != PublishVerdict.Acknowledged) return outcome.Reason ?? "";
                _said[topic] = document;
            }
            return null;
        }
        finally
        {
            _sending.Release();
        }
    }

    public void Dispose() => _sending.Dispose();
}

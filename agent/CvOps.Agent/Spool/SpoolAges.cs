namespace CvOps.Agent.Spool;

/// <summary>
/// Since when messages wait, without reading them again: a mark a second at most, of the first message written then. An answer is late by a second at most; by more where so much
/// waits that marks were thinned out. Any thread.
/// </summary>
internal sealed class SpoolAges
{
    private const int Most = 4096;
    private const long Apart = 1000;

    private readonly Lock _gate = new();
    private readonly List<(long Position, long At)> _marks = [];

    /// <param name="at">Milliseconds since 1970.</param>
    public void Written(long position, long at)
    {
        lock (_gate)
        {
            if (_marks.Count > 0 && at - _marks[^1].At is >= 0 and < Apart) return;
            // Each second one goes, and an answer is an older one's: never younger than the truth.
            if (_marks.Count == Most)
                for (var i = Most - 1; i > 0; i -= 2) _marks.RemoveAt(i);
            _marks.Add((position, at));
        }
    }

    /// <param name="first">Position of the oldest message that waits.</param>
    /// <returns>When it was written or a little before; null when nothing is known of it.</returns>
    public long? WrittenAt(long first)
    {
        lock (_gate)
        {
            var behind = 0;
            while (behind < _marks.Count && _marks[behind].Position <= first) behind++;
            // The last mark at or before it stands for it; those before that are of no use any more.
            if (behind > 1) _marks.RemoveRange(0, behind - 1);
            return behind > 0 ? _marks[0].At : null;
        }
    }
}

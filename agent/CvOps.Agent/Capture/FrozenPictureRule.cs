namespace CvOps.Agent.Capture;

/// <summary>
/// Whether a camera shows the same picture again and again, or the same few in a loop, although frames arrive: a frozen encoder, a replayed
/// recording. A live scene never does: a sensor's noise makes each picture its own. Pure but for what it remembers; one a camera.
/// </summary>
/// <param name="patience">How long pictures must have repeated; zero never calls them frozen.</param>
internal sealed class FrozenPictureRule(TimeSpan patience)
{
    /// <summary>Longest loop that is noticed, pictures.</summary>
    public const int LongestLoop = 64;

    private readonly ulong[] _hashes = new ulong[LongestLoop];
    // For each loop length, index + 1: how many pictures in a row equal the one that many before them, and when the first of them came.
    private readonly long[] _run = new long[LongestLoop];
    private readonly TimeSpan[] _since = new TimeSpan[LongestLoop];
    private long _count;

    /// <summary>Length of the loop the camera is in: 1 for a still picture, 0 while it shows new ones.</summary>
    public int Loop { get; private set; }

    /// <summary>How long it has been in it.</summary>
    public TimeSpan For { get; private set; }

    public bool Watches => patience > TimeSpan.Zero;

    /// <param name="hash">The picture's fingerprint.</param>
    /// <param name="at">When it came, on a clock that never steps back.</param>
    /// <returns>True for a picture of a frozen camera.</returns>
    public bool IsFrozen(ulong hash, TimeSpan at)
    {
        if (!Watches) return false;
        (Loop, For) = (0, TimeSpan.Zero);
        var known = (int)Math.Min(_count, LongestLoop);
        for (var length = 1; length <= known; length++)
        {
            var i = length - 1;
            if (_hashes[(_count - length) % LongestLoop] != hash)
            {
                _run[i] = 0;
                continue;
            }
            if (_run[i]++ == 0) _since[i] = at;
            // A whole loop must have come round: one picture that equals an earlier one is chance.
            if (Loop == 0 && _run[i] >= length && at - _since[i] >= patience) (Loop, For) = (length, at - _since[i]);
        }
        _hashes[_count++ % LongestLoop] = hash;
        return Loop > 0;
    }
}

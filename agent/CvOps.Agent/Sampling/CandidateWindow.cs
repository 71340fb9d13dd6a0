namespace CvOps.Agent.Sampling;

/// <summary>
/// The frames of a stretch of time that are still in the race. Two contests: the highest score wins, or the lot decides (reservoir sampling,
/// Vitter 1985, algorithm R). Pixels are copied only for a frame that is in the lead at that moment. One thread.
/// </summary>
internal sealed class CandidateWindow(int places)
{
    private readonly List<Candidate> _leaders = [];
    private long _seen;

    public int Count => _leaders.Count;

    /// <summary>Whether a frame of that score would lead. Of a part seen twice only the better view stays.</summary>
    /// <param name="place">Where to <see cref="Put"/> it.</param>
    public bool LeadsByScore(string? part, double score, out int place)
    {
        place = part is null ? -1 : PlaceOf(part);
        if (place < 0)
        {
            if (_leaders.Count < places)
            {
                place = _leaders.Count;
                return true;
            }

            place = Weakest();
        }

        return score > _leaders[place].Reason.Score;
    }

    /// <summary>Throws the lot for a frame: in the end each one asked about was kept with the same probability.</summary>
    /// <param name="place">Where to <see cref="Put"/> it.</param>
    public bool LeadsByLot(Random random, out int place)
    {
        _seen++;
        place = _leaders.Count < places ? _leaders.Count : (int)Math.Min(random.NextInt64(_seen), places);
        return place < places;
    }

    /// <summary>Takes a leader over, in place of the one that was there.</summary>
    public void Put(int place, Candidate candidate)
    {
        if (place == _leaders.Count)
        {
            _leaders.Add(candidate);
            return;
        }

        _leaders[place].Dispose();
        _leaders[place] = candidate;
    }

    /// <summary>Ends the contest and begins the next. The caller owns what is returned.</summary>
    public IReadOnlyList<Candidate> Close()
    {
        Candidate[] winners = [.. _leaders];
        _leaders.Clear();
        _seen = 0;
        return winners;
    }

    private int PlaceOf(string part)
    {
        for (var i = 0; i < _leaders.Count; i++)
            if (_leaders[i].Part == part) return i;
        return -1;
    }

    private int Weakest()
    {
        var weakest = 0;
        for (var i = 1; i < _leaders.Count; i++)
            if (_leaders[i].Reason.Score < _leaders[weakest].Reason.Score) weakest = i;
        return weakest;
    }
}

namespace CvOps.Agent.Sampling;

/// <summary>Frames of a window that all have the same chance of a place: reservoir sampling (Vitter 1985, algorithm R). One thread.</summary>
internal sealed class LotContest(int most)
{
    private readonly Candidate?[] _leaders = new Candidate?[most];
    private int _places;
    private long _seen;

    public ReadOnlySpan<Candidate?> Leaders => _leaders.AsSpan(0, (int)Math.Min(_places, _seen));

    /// <summary>Probability of a place for each frame of the window.</summary>
    public double Inclusion => InclusionRule.OfLot(_places, _seen);

    /// <summary>Forgets the window; the leaders have another owner by then.</summary>
    public void Begin(int places)
    {
        Array.Clear(_leaders);
        (_places, _seen) = (Math.Min(places, most), 0);
    }

    /// <summary>Throws the lot for a frame: in the end each one asked about was kept with the same probability.</summary>
    /// <param name="place">Where to <see cref="Put"/> it.</param>
    public bool Leads(Random random, out int place)
    {
        place = _places;
        if (_places == 0) return false;
        _seen++;
        place = _seen <= _places ? (int)_seen - 1 : (int)Math.Min(random.NextInt64(_seen), _places);
        return place < _places;
    }

    /// <returns>Who was in that place.</returns>
    public Candidate? Put(int place, Candidate candidate)
    {
        var before = _leaders[place];
        _leaders[place] = candidate;
        return before;
    }
}

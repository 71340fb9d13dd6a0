using System.Runtime.InteropServices;

namespace CvOps.Agent.Sampling;

/// <summary>Where a leader goes.</summary>
internal readonly record struct PriorityPlace(int Number, double Priority, string? Part);

/// <summary>
/// The best frames of a window by weighted draw: priority sampling without replacement (Duffield, Lund and Thorup 2007), whose inclusion
/// probabilities are known. Of a part seen several times only the view of the largest weight takes part, since all views of a part share one draw.
/// Pixels are needed for leaders only. One thread; allocates nothing once it has its size.
/// </summary>
internal sealed class PriorityContest(int most)
{
    // Losers whose part may still come back with a better view; the largest of their priorities is the threshold.
    private const int RunnersUp = 4;
    private const int MostParts = 4096;

    private readonly Candidate?[] _leaders = new Candidate?[most];
    private readonly (double Priority, string? Part)[] _led = new (double, string?)[most];
    private readonly (double Priority, string? Part)[] _runners = new (double, string?)[RunnersUp];
    private readonly Dictionary<string, double> _best = new(StringComparer.Ordinal);
    private int _places, _count, _losers;
    private ulong _seed;

    public ReadOnlySpan<Candidate?> Leaders => _leaders.AsSpan(0, _count);

    /// <summary>Forgets the window; the leaders have another owner by then.</summary>
    /// <param name="seed">Of the draws of parts.</param>
    public void Begin(int places, long seed)
    {
        Array.Clear(_leaders);
        _best.Clear();
        (_places, _count, _losers, _seed) = (Math.Min(places, most), 0, 0, (ulong)seed);
    }

    /// <summary>Draws for a frame.</summary>
    /// <param name="weight">Above 0 for one that competes.</param>
    /// <param name="place">Where to <see cref="Put"/> it if it leads.</param>
    public bool Leads(string? part, double weight, Random random, out PriorityPlace place)
    {
        place = default;
        if (!(weight > 0) || _places == 0) return false;
        var number = -1;
        if (part is not null)
        {
            ref var best = ref Best(part);
            if (weight <= best) return false;
            best = weight;
            number = LeaderOf(part);
            Withdraw(part);
        }
        place = new PriorityPlace(number, weight / (part is null ? 1 - random.NextDouble() : DrawOf(part)), part);
        if (number >= 0) return true;
        place = place with { Number = _count < _places ? _count : Weakest() };
        if (place.Number == _count || place.Priority > _led[place.Number].Priority) return true;
        Lose(place.Priority, part);
        return false;
    }

    /// <returns>Who was in that place.</returns>
    public Candidate? Put(in PriorityPlace place, Candidate candidate)
    {
        var before = _leaders[place.Number];
        if (place.Number == _count) _count++;
        else if (place.Part is null || _led[place.Number].Part != place.Part) Lose(_led[place.Number].Priority, _led[place.Number].Part);
        (_leaders[place.Number], _led[place.Number]) = (candidate, (place.Priority, place.Part));
        return before;
    }

    /// <summary>Probability with which a frame of this window got a place, whether it did or not.</summary>
    public double Inclusion(string? part, double weight, bool leads)
    {
        if (_places == 0 || (part is not null && _best.TryGetValue(part, out var best) && weight < best)) return 0;
        if (leads) return InclusionRule.OfScore(weight, _losers == 0 ? 0 : _runners[0].Priority);
        return InclusionRule.OfScore(weight, _count < _places ? 0 : _led[Weakest()].Priority);
    }

    private int Weakest()
    {
        var weakest = 0;
        for (var i = 1; i < _count; i++)
            if (_led[i].Priority < _led[weakest].Priority) weakest = i;
        return weakest;
    }

    private int LeaderOf(string part)
    {
        for (var i = 0; i < _count; i++)
            if (_led[i].Part == part) return i;
        return -1;
    }

    /// <summary>Kept by falling priority.</summary>
    private void Lose(double priority, string? part)
    {
        var at = _losers;
        while (at > 0 && _runners[at - 1].Priority < priority) at--;
        if (at == RunnersUp) return;
        _losers = Math.Min(RunnersUp, _losers + 1);
        for (var i = _losers - 1; i > at; i--) _runners[i] = _runners[i - 1];
        _runners[at] = (priority, part);
    }

    /// <summary>A worse view of the part is nobody's rival any more.</summary>
    private void Withdraw(string part)
    {
        for (var i = 0; i < _losers; i++)
        {
            if (_runners[i].Part != part) continue;
            for (var j = i + 1; j < _losers; j++) _runners[j - 1] = _runners[j];
            _losers--;
            return;
        }
    }

    private ref double Best(string part)
    {
        if (_best.Count == MostParts) _best.Clear();
        return ref CollectionsMarshal.GetValueRefOrAddDefault(_best, part, out _)!;
    }

    /// <summary>The same number in (0, 1] for every view of a part in this window: FNV-1a (Fowler, Noll, Vo 1991), mixed as in SplitMix64 (Steele, Lea, Flood 2014).</summary>
    private double DrawOf(string part)
    {
        var hash = 14_695_981_039_346_656_037UL ^ _seed;
        foreach (var letter in part) hash = (hash ^ letter) * 1_099_511_628_211;
        hash = (hash ^ hash >> 30) * 0xBF58_476D_1CE4_E5B9;
        hash = (hash ^ hash >> 27) * 0x94D0_49BB_1331_11EB;
        return ((hash ^ hash >> 31) >> 11) * (1.0 / (1UL << 53)) + 1.0 / (1UL << 53);
    }
}

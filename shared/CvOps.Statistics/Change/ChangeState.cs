namespace CvOps.Statistics.Change;

/// <summary>All that a <see cref="ChangeDetector"/> remembers of one stream of counts; plain numbers, to be stored.</summary>
public sealed record ChangeState
{
    private const double LeastEvidence = 1e-9;

    /// <summary>Identity of the reference's counts: a state against another one means nothing.</summary>
    public ulong Against { get; init; }

    /// <summary>By bet, in years.</summary>
    public double[] Stakes { get; init; } = [];

    /// <summary>By bet, the largest product of ratios up to now.</summary>
    public double[] Runs { get; init; } = [];

    /// <summary>By bet, where that product begins.</summary>
    public DateTimeOffset[] Since { get; init; } = [];

    public Dispersion Spread { get; init; } = Dispersion.Unknown;

    /// <summary>Counts of the window before.</summary>
    public long[] Last { get; init; } = [];

    /// <summary>Its end.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Mean of the stakes in years: without a change, a stream comes this far less than once in so many years. 0 without bets.</summary>
    public double Years => Stakes.Length == 0 ? 0 : Stakes.Average();

    /// <summary>log10 of <see cref="Years"/>, -9..9.</summary>
    public double Evidence => Math.Log10(Math.Max(LeastEvidence, Years));

    /// <summary>When the change began, as the bet that won most has it; null without bets.</summary>
    public DateTimeOffset? ChangedAt => Stakes.Length == 0 ? null : Since[Array.IndexOf(Stakes, Stakes.Max())];

    /// <returns>The same stream with nothing won yet.</returns>
    public ChangeState Forget() => this with { Stakes = new double[Stakes.Length], Runs = new double[Runs.Length], Since = new DateTimeOffset[Since.Length] };

    internal static ChangeState Fresh(IReadOnlyList<long> reference, int bets, Dispersion spread) => new()
    {
        Against = IdOf(reference), Stakes = new double[bets], Runs = new double[bets], Since = new DateTimeOffset[bets], Spread = spread,
    };

    internal bool IsAgainst(IReadOnlyList<long> reference) => Against == IdOf(reference);

    internal static ulong IdOf(IReadOnlyList<long> counts) => counts.Aggregate((ulong)counts.Count, (id, count) => Hashes.Mix(id ^ Hashes.Mix((ulong)count)));
}

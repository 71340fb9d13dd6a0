using System.Threading.Channels;
using CvOps.Agent.Inference;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Sampling;

/// <summary>
/// Decides on the inference thread which frames are worth a label, and hands copies of those to <see cref="SamplingLoop"/>. Three draws that know
/// nothing of each other: the audit takes any frame by chance, a lot those on which two models disagree, and within a window the frames that the
/// rules want most compete for places. When the window ends, each frame that is kept gets the probability with which it came to be.
/// </summary>
internal sealed class FrameSampler : IInspectedFrameSink, IDisposable
{
    private const double SecondsPerHour = 3600;

    // Copies in memory: 32 pictures of 1920 x 1080 are 100 MB.
    private const int MostPlaces = 32;
    private const int QueueCapacity = 3 * MostPlaces;

    private SamplingOptions _options;
    private readonly SamplingBudget _budget;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private AuditRule _audit;
    private readonly FrameScorer _scorer;
    private readonly PriorityContest _best = new(MostPlaces);
    private readonly LotContest _discordant = new(MostPlaces);
    private readonly List<Candidate> _audited = new(MostPlaces);
    private readonly List<Candidate> _picked = new(3 * MostPlaces);
    private TimeSpan _length;
    private readonly Channel<Candidate> _kept;
    private readonly Lock _gate = new();
    private long _since;
    private long _order;
    private int _auditPlaces;
    private long _dropped;
    private long _duplicates;

    /// <param name="random">For the draws; seeded by the caller.</param>
    public FrameSampler(SamplingOptions options, SamplingBudget budget, TimeProvider time, Random random)
    {
        (_options, _budget, _time, _random) = (options, budget, time, random);
        _audit = new AuditRule(options.AuditProbability, random);
        _scorer = new FrameScorer(options, time);
        _length = LengthOf(options, budget);
        _kept = Channel.CreateBounded<Candidate>(new BoundedChannelOptions(QueueCapacity) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
        Begin();
    }

    /// <summary>Frames picked but not taken because encoding or the disk could not follow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Frames copied because something held them for a while.</summary>
    public long Copied { get; private set; }

    /// <summary>Frames that did not compete because they showed what was sent or seen already.</summary>
    public long Duplicates => Interlocked.Read(ref _duplicates);

    /// <summary>Frames picked. Whoever reads one owns it.</summary>
    public ChannelReader<Candidate> Kept => _kept.Reader;

    /// <summary>Samples by these from now on. The window ends as it was begun, so that every probability is what its frames met.</summary>
    public void Change(SamplingOptions options)
    {
        lock (_gate)
        {
            Close();
            _budget.Change(options);
            _options = _scorer.Options = options;
            _audit = new AuditRule(options.AuditProbability, _random);
            _length = LengthOf(options, _budget);
            Begin();
        }
    }

    public void Inspected(in InspectedFrame inspected)
    {
        lock (_gate)
        {
            CloseIfDue();
            if (inspected.Error is not null) return;
            var scores = _scorer.Score(inspected);
            // Every draw is made for every frame, whoever else wants it, or its probability would not be what it says.
            var auditable = _audited.Count < _auditPlaces && _budget.Allows(SamplingPurse.Audit, inspected.Camera, inspected.Prediction.Class, PendingOf(inspected));
            var audited = _audit.Wants() && auditable;
            var discordant = DisagreementRule.Wants(inspected.Prediction, inspected.Shadow) && _budget.Allows(SamplingPurse.Disagreement, inspected.Camera, inspected.Prediction.Class);
            var drawn = discordant & _discordant.Leads(_random, out var lotPlace);
            var (trait, weight) = Compete(inspected, scores.Score(_options.Rules.Novelty));
            var leads = _best.Leads(inspected.Part, weight, _random, out var place);
            _order++;
            if (!audited && !drawn && !leads) return;
            var candidate = new Candidate(inspected, scores, trait ?? TraitOf(inspected), _scorer.Unit)
            {
                Order = _order, Weight = weight, AuditProbability = auditable ? _audit.Probability : 0, Discordant = discordant,
                Picks = (audited ? Picks.Audit : 0) | (drawn ? Picks.Lot : 0) | (leads ? Picks.Score : 0),
            };
            Copied++;
            if (audited) _audited.Add(candidate);
            if (drawn) Release(_discordant.Put(lotPlace, candidate), Picks.Lot);
            if (leads) Release(_best.Put(place, candidate), Picks.Score);
            // No place for another copy: what was decided so far goes its way.
            if (_audited.Count == MostPlaces) Close();
        }
    }

    /// <summary>Ends a window whose time is over; called on a clock so that a camera that stops does not keep its last frames back.</summary>
    public void Tick()
    {
        lock (_gate) CloseIfDue();
    }

    /// <summary>Gives back the copies nobody took. What was picked and not yet on disk is lost: it was a sample, not a result.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _kept.Writer.TryComplete();
            foreach (var candidate in TakePicked()) candidate.Dispose();
            _picked.Clear();
            Begin();
            while (_kept.Reader.TryRead(out var candidate)) candidate.Dispose();
        }
    }

    /// <summary>The weight of a frame in the draw, 0 when it does not compete: not wanted enough, nothing left that would pay for it, or nothing new.</summary>
    private (FrameTrait? Trait, double Weight) Compete(in InspectedFrame inspected, double score)
    {
        if (score <= 0 || score < _options.LeastUncertainty || !_budget.Allows(SamplingPurse.Common, inspected.Camera, inspected.Prediction.Class)) return (null, 0);
        var trait = TraitOf(inspected);
        if (!_scorer.IsDuplicate(trait)) return (trait, Math.Pow(score, _options.Focus));
        Interlocked.Increment(ref _duplicates);
        return (trait, 0);
    }

    private static FrameTrait TraitOf(in InspectedFrame inspected) =>
        new(PerceptualHash.Of(inspected.Picture), inspected.Part, inspected.Prediction.Class, inspected.Prediction.Confidence);

    private int PendingOf(in InspectedFrame inspected)
    {
        var pending = 0;
        foreach (var candidate in _audited)
            if (candidate.Camera == inspected.Camera) pending++;
        return pending;
    }

    private static void Release(Candidate? candidate, Picks from)
    {
        if (candidate is null) return;
        candidate.Picks &= ~from;
        if (candidate.Picks == Picks.None) candidate.Dispose();
    }

    /// <summary>Longer than asked for when the budget pays for less than a frame in that.</summary>
    private static TimeSpan LengthOf(SamplingOptions options, SamplingBudget budget)
    {
        var perHour = budget.PerHour(SamplingPurse.Common);
        return TimeSpan.FromSeconds(Math.Max(options.Window.TotalSeconds, perHour == 0 ? 0 : SecondsPerHour / perHour));
    }

    private void CloseIfDue()
    {
        if (_time.GetElapsedTime(_since) >= _length) Close();
    }

    private void Begin()
    {
        _since = _time.GetTimestamp();
        _order = 0;
        _audited.Clear();
        _auditPlaces = Math.Min(MostPlaces, _budget.Left(SamplingPurse.Audit));
        _discordant.Begin(Places(SamplingPurse.Disagreement));
        _best.Begin(Places(SamplingPurse.Common), _random.NextInt64());
        _scorer.WindowEnds();
    }

    /// <summary>Ends the window: who is still in a race is paid for and handed over, and a new window begins.</summary>
    private void Close()
    {
        foreach (var candidate in TakePicked())
        {
            // Draws that know nothing of the picture are paid before those that do, so that nothing the picture shows takes their place.
            if (candidate.Picks.HasFlag(Picks.Audit)) candidate.Grant = _budget.Take(SamplingPurse.Audit, candidate.Camera, candidate.Prediction.Class);
            if (candidate.Grant is null && candidate.Picks.HasFlag(Picks.Lot)) candidate.Grant = _budget.Take(SamplingPurse.Disagreement, candidate.Camera, candidate.Prediction.Class);
        }
        foreach (var candidate in _picked)
        {
            var payable = _budget.Allows(SamplingPurse.Common, candidate.Camera, candidate.Prediction.Class);
            if (candidate.Grant is null && candidate.Picks.HasFlag(Picks.Score)) candidate.Grant = _budget.Take(SamplingPurse.Common, candidate.Camera, candidate.Prediction.Class);
            // What a limit of its camera or class kept back in the middle of a window had no way in by its score.
            var score = payable ? _best.Inclusion(candidate.Part, candidate.Weight, candidate.Picks.HasFlag(Picks.Score)) : 0;
            var inclusion = InclusionRule.OfAny(candidate.AuditProbability, candidate.Discordant ? _discordant.Inclusion : 0, score);
            candidate.Inclusion = inclusion > 0 ? inclusion : null;
            candidate.Reasons = ReasonsOf(candidate);
            Hand(candidate);
        }
        _picked.Clear();
        Begin();
    }

    /// <summary>All that anything holds, in the order they came.</summary>
    private List<Candidate> TakePicked()
    {
        _picked.AddRange(_audited);
        foreach (var candidate in _discordant.Leaders)
            if (candidate is { } drawn && !drawn.Picks.HasFlag(Picks.Audit)) _picked.Add(drawn);
        foreach (var candidate in _best.Leaders)
            if (candidate is { Picks: Picks.Score } leader) _picked.Add(leader);
        _picked.Sort((a, b) => a.Order.CompareTo(b.Order));
        return _picked;
    }

    /// <summary>Audit and disagreement stand on a frame only when those draws picked it: others rely on such frames being a fair draw.</summary>
    private List<SamplingReason> ReasonsOf(Candidate candidate)
    {
        List<SamplingReason> reasons = [];
        if (candidate.Picks.HasFlag(Picks.Audit)) reasons.Add(new SamplingReason(AuditRule.Name, 1));
        if (candidate.Picks.HasFlag(Picks.Lot)) reasons.Add(new SamplingReason(DisagreementRule.Name, 1));
        reasons.AddRange(candidate.Scores.Reasons(_options.LeastUncertainty));
        return reasons;
    }

    private void Hand(Candidate candidate)
    {
        if (candidate.Grant is null)
        {
            candidate.Dispose();
            return;
        }
        _scorer.Sent(candidate);
        if (_kept.Writer.TryWrite(candidate)) return;
        candidate.Dispose();
        Interlocked.Increment(ref _dropped);
    }

    private int Places(SamplingPurse purse)
    {
        var places = (int)Math.Clamp(_budget.PerHour(purse) * _length.TotalSeconds / SecondsPerHour, 1, MostPlaces);
        return Math.Min(places, _budget.Left(purse));
    }
}

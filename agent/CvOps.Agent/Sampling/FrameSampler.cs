using System.Threading.Channels;
using CvOps.Agent.Inference;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Sampling;

/// <summary>
/// Decides on the inference thread which frames are worth a label, and hands copies of those to <see cref="SamplingLoop"/>. Within a window the
/// least certain frames win, not the first; of frames on which two models disagree the lot decides; the audit takes any frame by chance.
/// </summary>
internal sealed class FrameSampler : IInspectedFrameSink, IDisposable
{
    private const double SecondsPerHour = 3600;

    // Copies in memory: 32 pictures of 1920 x 1080 are 100 MB.
    private const int MostPlaces = 32;
    private const int QueueCapacity = 2 * MostPlaces;

    private readonly SamplingOptions _options;
    private readonly SamplingBudget _budget;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly AuditRule _audit;
    private readonly CandidateWindow _unsure;
    private readonly CandidateWindow _discordant;
    private readonly TimeSpan _unsureLength;
    private readonly TimeSpan _discordantLength;
    private readonly Channel<Candidate> _kept;
    private readonly Lock _gate = new();
    private long _unsureSince;
    private long _discordantSince;
    private long _dropped;

    /// <param name="random">For the lot; seeded by the caller.</param>
    public FrameSampler(SamplingOptions options, SamplingBudget budget, TimeProvider time, Random random)
    {
        (_options, _budget, _time, _random) = (options, budget, time, random);
        _audit = new AuditRule(options.AuditProbability, random);
        _unsureLength = Length(budget.PerHour(SamplingPurse.Common));
        _discordantLength = options.Window;
        _unsure = new CandidateWindow(Places(budget.PerHour(SamplingPurse.Common), _unsureLength));
        _discordant = new CandidateWindow(Places(budget.PerHour(SamplingPurse.Disagreement), _discordantLength));
        _kept = Channel.CreateBounded<Candidate>(new BoundedChannelOptions(QueueCapacity) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
        _unsureSince = _discordantSince = time.GetTimestamp();
    }

    /// <summary>Frames picked but not taken because encoding or the disk could not follow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Frames picked. Whoever reads one owns it.</summary>
    public ChannelReader<Candidate> Kept => _kept.Reader;

    public void Inspected(in InspectedFrame inspected)
    {
        lock (_gate)
        {
            CloseWhatIsDue();
            if (inspected.Error is not null) return;

            // The lot is thrown for every frame, whoever else wants it, or its probability would not be what it says.
            if (_audit.Wants() && _budget.Left(SamplingPurse.Audit) > 0) Hand(new Candidate(inspected, SamplingPurse.Audit, new SamplingReason(AuditRule.Name, 1), _audit.Probability));
            else if (DisagreementRule.Wants(inspected.Prediction, inspected.Shadow) && _budget.Left(SamplingPurse.Disagreement) > 0) OfferDiscordant(inspected);
            else OfferUnsure(inspected);
        }
    }

    /// <summary>Ends windows whose time is over; called on a clock so that a camera that stops does not keep its last frames back.</summary>
    public void Tick()
    {
        lock (_gate) CloseWhatIsDue();
    }

    /// <summary>Gives back the copies nobody took. What was picked and not yet on disk is lost: it was a sample, not a result.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _kept.Writer.TryComplete();
            foreach (var candidate in _unsure.Close().Concat(_discordant.Close())) candidate.Dispose();
            while (_kept.Reader.TryRead(out var candidate)) candidate.Dispose();
        }
    }

    private void OfferUnsure(in InspectedFrame inspected)
    {
        var score = LeastConfidenceRule.Score(inspected.Prediction, inspected.Model.Manifest.Task);
        if (score < _options.LeastUncertainty || _budget.Left(SamplingPurse.Common) == 0) return;
        if (!_unsure.LeadsByScore(inspected.Part, score, out var place)) return;
        _unsure.Put(place, new Candidate(inspected, SamplingPurse.Common, new SamplingReason(LeastConfidenceRule.Name, score), null));
    }

    private void OfferDiscordant(in InspectedFrame inspected)
    {
        if (!_discordant.LeadsByLot(_random, out var place)) return;
        _discordant.Put(place, new Candidate(inspected, SamplingPurse.Disagreement, new SamplingReason(DisagreementRule.Name, 1), null));
    }

    private void CloseWhatIsDue()
    {
        _unsureSince = CloseIfDue(_unsure, _unsureSince, _unsureLength);
        _discordantSince = CloseIfDue(_discordant, _discordantSince, _discordantLength);
    }

    private long CloseIfDue(CandidateWindow window, long since, TimeSpan length)
    {
        if (_time.GetElapsedTime(since) < length) return since;
        foreach (var candidate in window.Close()) Hand(candidate);
        return _time.GetTimestamp();
    }

    private void Hand(Candidate candidate)
    {
        if (_kept.Writer.TryWrite(candidate)) return;
        candidate.Dispose();
        Interlocked.Increment(ref _dropped);
    }

    private TimeSpan Length(int perHour) => TimeSpan.FromSeconds(Math.Max(_options.Window.TotalSeconds, perHour == 0 ? 0 : SecondsPerHour / perHour));

    private static int Places(int perHour, TimeSpan window) => (int)Math.Clamp(perHour * window.TotalSeconds / SecondsPerHour, 1, MostPlaces);
}

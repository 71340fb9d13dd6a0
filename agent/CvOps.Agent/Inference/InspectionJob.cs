using CvOps.Agent.Capture;
using CvOps.Vision;

namespace CvOps.Agent.Inference;

/// <summary>
/// A few frames that go through the same models together. Whichever stage holds it has it alone, but for the challenger's part while that runs; the
/// same few jobs go round for ever.
/// </summary>
internal sealed class InspectionJob
{
    public const int MostFrames = 16;

    private readonly object _challenger = new();
    private bool _challengerRuns;
    private ModelSlots.Lease _models;

    /// <summary>What is known of one frame so far.</summary>
    internal sealed class Entry
    {
        public Frame Frame = null!;
        public PreprocessPlan? Plan;
        public PreprocessPlan? ShadowPlan;
        public FrameStatistics Statistics;
        public string? Part;
        public string? Error;
        public string? ShadowError;
        public long Begun;
        public long Prepared;
    }

    private readonly Entry[] _entries = [.. Enumerable.Range(0, MostFrames).Select(_ => new Entry())];

    public int Count { get; private set; }

    public LoadedModel Champion => _models.Active!;

    public LoadedModel? Challenger => _models.Shadow;

    /// <summary>Whom to ask about frames that the champion gives no prediction for; null for nobody.</summary>
    public LoadedModel? StandIn => _models.StandIn;

    /// <summary>Place in the champion for all frames.</summary>
    public ModelPlace ChampionPlace { get; private set; } = null!;

    /// <summary>Place in the challenger; null when it is not asked about these frames.</summary>
    public ModelPlace? ChallengerPlace { get; private set; }

    /// <summary>Both models take the same numbers of a picture: the challenger's tensor is a copy of the champion's, made when it is asked.</summary>
    public bool SharesTensor { get; private set; }

    /// <summary>When the champion's run began, and when it ended, on the clock of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long RunBegun { get; set; }

    public long RunEnded { get; set; }

    /// <summary>When the challenger's run, which follows, began, and when it ended.</summary>
    public long ChallengerBegun { get; set; }

    public long ChallengerEnded { get; set; }

    public ReadOnlySpan<Entry> Entries => _entries.AsSpan(0, Count);

    /// <summary>Takes the lease over, and place in the champion.</summary>
    public void Begin(ModelSlots.Lease models, int frames)
    {
        (_models, Count, ChallengerPlace, SharesTensor) = (models, 0, null, false);
        ChampionPlace = Champion.Rent(frames);
    }

    public void AskChallenger(int frames, bool sharesTensor) => (ChallengerPlace, SharesTensor) = (Challenger!.Rent(frames), sharesTensor);

    /// <summary>Gives the challenger the champion's tensor, where that is one.</summary>
    public void ShareTensor()
    {
        if (!SharesTensor) return;
        for (var row = 0; row < Count; row++) ChampionPlace.Slot.Input(row).CopyTo(ChallengerPlace!.Slot.Input(row));
    }

    /// <summary>The challenger's run is yet to come, and the job goes on meanwhile.</summary>
    public void BeginChallenger()
    {
        lock (_challenger) _challengerRuns = true;
    }

    public void EndChallenger()
    {
        lock (_challenger)
        {
            _challengerRuns = false;
            Monitor.PulseAll(_challenger);
        }
    }

    /// <summary>Until the challenger has run, where it is asked.</summary>
    public void WaitForChallenger()
    {
        lock (_challenger)
        {
            while (_challengerRuns) Monitor.Wait(_challenger);
        }
    }

    /// <summary>Without the challenger after all.</summary>
    public void ShedChallenger()
    {
        if (ChallengerPlace is { } place) Challenger!.Return(place);
        ChallengerPlace = null;
    }

    /// <summary>Takes a frame over.</summary>
    public Entry Add(Frame frame)
    {
        var entry = _entries[Count++];
        (entry.Frame, entry.Plan, entry.ShadowPlan, entry.Part, entry.Error, entry.ShadowError) = (frame, null, null, null, null, null);
        return entry;
    }

    /// <summary>Gives everything back but the frames, which went one by one.</summary>
    public void End()
    {
        Champion.Return(ChampionPlace);
        ShedChallenger();
        Count = 0;
        _models.Dispose();
        _models = default;
    }
}

using System.Threading.Channels;
using CvOps.Agent.Inference;

namespace CvOps.Agent.Decisions;

/// <summary>
/// Copies the frames whose decision is kept, for <see cref="DecisionLoop"/> to write. Registered before tracking, since a record holds what one frame
/// says. When the disk cannot follow, a record is given up and counted: the line goes on.
/// </summary>
internal sealed class DecisionSink : IInspectedFrameSink, IDisposable
{
    // Copies in memory: four pictures of 1920 x 1080 are 12 MB.
    private const int Drafts = 4;

    private readonly Channel<DecisionDraft> _idle = Channel.CreateBounded<DecisionDraft>(Drafts);
    private readonly Channel<DecisionDraft> _filled = Channel.CreateBounded<DecisionDraft>(Drafts);
    private readonly DecisionDraft[] _drafts = [.. Enumerable.Range(0, Drafts).Select(_ => new DecisionDraft())];
    private long _dropped;

    public DecisionSink(DecisionsKept keep)
    {
        Keep = keep;
        foreach (var draft in _drafts) _idle.Writer.TryWrite(draft);
    }

    public DecisionsKept Keep { get; }

    /// <summary>Decisions that were to be kept and were not, because the disk could not follow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Drafts to be written; each is given back with <see cref="Return"/>.</summary>
    public ChannelReader<DecisionDraft> Filled => _filled.Reader;

    public void Inspected(in InspectedFrame inspected)
    {
        if (Keep == DecisionsKept.Rejects && inspected.Error is null && !inspected.Prediction.Reject) return;
        if (!_idle.Reader.TryRead(out var draft))
        {
            Interlocked.Increment(ref _dropped);
            return;
        }
        draft.Fill(inspected);
        _filled.Writer.TryWrite(draft);
    }

    public void Return(DecisionDraft draft) => _idle.Writer.TryWrite(draft);

    public void Dispose()
    {
        foreach (var draft in _drafts) draft.Dispose();
    }
}

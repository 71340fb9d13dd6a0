using CvOps.Agent.Inference;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update;

/// <summary>Counts how a model does that is in shadow only. Fed by the inference thread, read by the update loop.</summary>
internal sealed class ShadowTally(TimeProvider time) : IInspectedFrameSink
{
    private readonly Lock _gate = new();
    private DesiredModel? _order;
    private DateTimeOffset _since;
    private long _frames;
    private long _discordant;
    private long _failures;
    private long _skipped;

    /// <summary>Failures since the last frame that had a prediction.</summary>
    public int FailuresOnEnd { get; private set; }

    /// <summary>Counts from zero, unless the same model is counted already.</summary>
    public void Begin(DesiredModel order)
    {
        lock (_gate)
        {
            var goesOn = _order?.Model.Digest == order.Model.Digest;
            _order = order;
            if (goesOn) return;
            (_since, _frames, _discordant, _failures, _skipped, FailuresOnEnd) = (time.GetUtcNow(), 0, 0, 0, 0, 0);
        }
    }

    public void End()
    {
        lock (_gate) _order = null;
    }

    /// <returns>Null while nothing is counted.</returns>
    public ReportedShadow? Now()
    {
        lock (_gate) return _order is { } order ? new ReportedShadow(order.Model, order.Rollout, _since, _frames, _discordant, _failures, _skipped) : null;
    }

    public void Inspected(in InspectedFrame inspected)
    {
        lock (_gate)
        {
            if (_order is null) return;
            if (inspected.ChallengerSkipped?.Ref.Digest == _order.Model.Digest) _skipped++;
            if (inspected.Challenger is not { } challenger || challenger.Model.Ref.Digest != _order.Model.Digest) return;
            if (challenger.Error is not null)
            {
                _failures++;
                FailuresOnEnd++;
                return;
            }
            FailuresOnEnd = 0;
            // Where the model in charge has no answer there is nothing to compare.
            if (inspected.Error is not null || inspected.Failed is not null || inspected.Shadow is not { } shadow) return;
            _frames++;
            if (shadow.Prediction.Class != inspected.Prediction.Class) _discordant++;
        }
    }
}

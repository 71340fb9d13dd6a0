using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Inference;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update;

/// <summary>
/// A model that is wanted in shadow only: it infers beside the one in charge until the twin says something else, for days if need be, in the time
/// the line leaves for it. It is let go when it predicts nothing any more or takes the device's memory; what its answers are worth is the fleet's to judge.
/// </summary>
internal sealed class ShadowStay(Setting<UpdateOptions> options, ModelSlots slots, ShadowTally tally, SoakMeter soak, UpdateWish wish, UpdateStatus status, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SpeakAtLeast = TimeSpan.FromMinutes(10);

    /// <summary>A death after this long is the device's, not the model's.</summary>
    private static readonly TimeSpan Proof = TimeSpan.FromSeconds(30);

    /// <summary>Failures on end that are no accident.</summary>
    private const int MostFailuresOnEnd = 20;

    private long _began;
    private long _spoken;
    private long _framesSpoken;
    private bool _proven;

    public void Begin(DesiredModel order)
    {
        if (tally.Now()?.Model.Digest != order.Model.Digest) (_began, _spoken, _framesSpoken, _proven) = (time.GetTimestamp(), 0, 0, false);
        tally.Begin(order);
        // The step that begins tells it anyway.
        status.Shadows(tally.Now(), speak: true);
    }

    /// <param name="challenger">In the shadow slot after its trial; without one it is put there.</param>
    public async Task<StepResult> RunAsync(LoadedModel challenger, CancellationToken stopping)
    {
        if (options.Now.ShadowFrames == 0) soak.Begin(challenger.Ref.Digest);
        slots.SetShadow(challenger);
        slots.AskShadow = true;
        while (true)
        {
            if (wish.AnotherIsWanted()) return new(UpdateEvent.Superseded);
            if (wish.HasNews()) return new(UpdateEvent.Reworded);
            if (Problem() is { } problem) return new(UpdateEvent.Broke, $"Beside the model in charge: {problem}");
            if (!_proven && time.GetElapsedTime(_began) >= Proof)
            {
                _proven = true;
                return new(UpdateEvent.Proven);
            }
            Speak();
            await wish.WaitAsync(Look, stopping);
        }
    }

    /// <summary>Tells nothing of a shadow any more, unless it is to go on.</summary>
    public StepResult Ended(StepResult result)
    {
        if (result.What == UpdateEvent.Proven || (result.What == UpdateEvent.Reworded && !wish.StageChanged())) return result;
        tally.End();
        status.Shadows(null, speak: false);
        return result;
    }

    private string? Problem()
    {
        if (tally.FailuresOnEnd >= MostFailuresOnEnd) return $"The new model gave no prediction for {tally.FailuresOnEnd} frames on end.";
        // Its answers are the fleet's to judge, and what it costs was judged by the trial: a device that is busy for a while is no fault of the model's.
        var seen = soak.Evidence();
        return SoakGate.Problem(new SoakEvidence { Frames = seen.Frames, MemoryGrowth = seen.MemoryGrowth }, options.Now, null);
    }

    private void Speak()
    {
        var now = tally.Now()!;
        if (now is { Frames: 0, Skipped: > 0 }) status.WaitsFor("the line to leave time for a model in shadow");
        else status.WaitsNoMore();
        var speaks = now.Frames + now.Failures >= Math.Max(1, 2 * _framesSpoken) || (_spoken != 0 && time.GetElapsedTime(_spoken) >= SpeakAtLeast);
        if (speaks) (_spoken, _framesSpoken) = (time.GetTimestamp(), now.Frames + now.Failures);
        status.Shadows(now, speaks);
    }
}

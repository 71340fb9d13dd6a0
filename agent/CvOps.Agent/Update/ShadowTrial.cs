using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Inference;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update;

/// <summary>
/// The new model beside the one in charge, on live frames, in the time the line leaves for it; judged by the soak's own gate before it may reject
/// a single part. A silent line proves nothing: the trial waits for frames and says so. A line without time for a challenger proves little, and is
/// no fault of the model's: the trial ends at its limit, and the soak after the swap decides.
/// </summary>
internal sealed partial class ShadowTrial(Setting<UpdateOptions> options, ModelSlots slots, SoakMeter soak, UpdateWish wish, UpdateStatus status, TimeProvider time, ILogger<ShadowTrial> log)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Cameras may need a moment; a line silent for longer is worth a word.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    /// <param name="challenger">The slots' from here on, in the shadow slot when this returns <see cref="UpdateEvent.Done"/>.</param>
    /// <param name="stays">It is to go on inferring after the trial, and takes nothing over.</param>
    /// <returns><see cref="UpdateEvent.Reworded"/> when the twin has something else in mind with it meanwhile.</returns>
    public async Task<StepResult> RunAsync(LoadedModel challenger, bool stays, CancellationToken stopping)
    {
        if (options.Now.ShadowFrames == 0) return StepResult.Done;
        soak.Begin(challenger.Ref.Digest);
        slots.SetShadow(challenger);
        slots.AskShadow = true;
        var (began, before) = (time.GetTimestamp(), soak.FramesEver);
        long? firstFrame = null;
        while (true)
        {
            if (wish.AnotherIsWanted()) return new(UpdateEvent.Superseded);
            if (wish.StageChanged()) return new(UpdateEvent.Reworded);
            var frames = soak.FramesEver - before;
            if (frames > 0) firstFrame ??= time.GetTimestamp();
            var seen = soak.Evidence();
            var result = ShadowGate.Decide(seen, frames, firstFrame is { } first ? time.GetElapsedTime(first) : TimeSpan.Zero, options.Now, challenger.Manifest.LatencyLimitMs);
            if (result.Verdict == SoakVerdict.Failed) return new(UpdateEvent.Broke, result.Reason);
            if (result.Verdict == SoakVerdict.Passed)
            {
                if (!stays && result.Reason is { } thin) Log.ThinTrial(log, challenger.Ref.Name, challenger.Ref.Version, thin);
                slots.AskShadow = stays;
                return StepResult.Done;
            }
            if (frames == 0 && time.GetElapsedTime(began) >= Silence) status.WaitsFor("a frame from any camera, to be tried on beside the model in charge");
            else if (frames > 0) status.WaitsNoMore();
            status.Progressed((double)seen.Frames / options.Now.ShadowFrames);
            await soak.NewsAsync(Look, stopping);
        }
    }

    /// <summary>Takes the model out of the shadow slot, which disposes it after its last frame.</summary>
    /// <returns>False when it is not there.</returns>
    public bool Withdraw(LoadedModel challenger)
    {
        if (!ReferenceEquals(slots.Shadow, challenger)) return false;
        slots.AskShadow = false;
        slots.SetShadow(null);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4003, Level = LogLevel.Warning, Message = "{Name} {Version} takes over after a thin trial: {Why}")]
        public static partial void ThinTrial(ILogger log, string name, string version, string why);
    }
}

using CvOps.Agent.Capture;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Inference;
using CvOps.Agent.Link;
using CvOps.Agent.Update;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Programs;

/// <summary>Watches a program on trial: this process.</summary>
internal sealed class ProgramTrial(Setting<UpdateOptions> options, IEnumerable<CameraLoop> cameras, IFleetLink link, ModelSlots slots, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>How things stand now, for the program that comes to be as good as.</summary>
    public ProgramBefore Before() => new([.. cameras.Where(camera => camera.State == CameraState.Live).Select(camera => camera.Lane.Camera.Value)], link.State == LinkState.Connected, slots.Active is not null);

    /// <summary>From the moment the program is ready until it has proven itself, or not.</summary>
    /// <param name="waits">Told what is missing, whenever that changes.</param>
    /// <returns>Why it has not, a sentence; null when it has.</returns>
    public async Task<string?> RunAsync(ProgramBefore before, Action<string> waits, CancellationToken stopping)
    {
        var (ready, first, said) = (time.GetTimestamp(), Finished(), "");
        while (true)
        {
            var evidence = new TrialEvidence(time.GetElapsedTime(ready), link.State == LinkState.Connected, slots.Active is not null,
                [.. cameras.Select(camera => new CameraOnTrial(camera.Lane.Camera.Value, camera.State, camera.Lane.Meter.FramesFinished - first.GetValueOrDefault(camera.Lane.Camera.Value)))]);
            var (verdict, missing) = TrialRule.Decide(before, evidence, options.Now.ProgramSoak);
            if (verdict == TrialVerdict.Passed) return null;
            if (verdict == TrialVerdict.Failed) return $"The new program ran for {evidence.SinceReady.TotalMinutes:0} minutes without {missing}, which the one before had.";
            if (missing != said) waits(said = missing!);
            await Task.Delay(Look, time, stopping);
        }
    }

    private Dictionary<string, long> Finished() => cameras.ToDictionary(camera => camera.Lane.Camera.Value, camera => camera.Lane.Meter.FramesFinished);
}

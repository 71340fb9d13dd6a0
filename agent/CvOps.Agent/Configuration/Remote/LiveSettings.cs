using CvOps.Agent.Capture;
using CvOps.Agent.Drift;
using CvOps.Agent.Sampling;
using CvOps.Agent.Tracking;
using CvOps.Agent.Update;
using CvOps.Agent.Zones;

namespace CvOps.Agent.Configuration.Remote;

/// <summary>The sections that may change while the agent runs, each with whoever uses it. What did not change is left alone, cameras to the frame.</summary>
internal sealed class LiveSettings(
    EffectiveOptions start, CameraSet cameras, Setting<SamplingOptions> sampling, FrameSampler sampler, Setting<DriftOptions> drift, Setting<UpdateOptions> update, TrackingSink tracking, ZoneSink zones)
{
    private EffectiveOptions _now = start;

    public AgentOptions Now => _now.Options;

    /// <summary>Called by one thread at a time.</summary>
    public async Task ChangeToAsync(EffectiveOptions next, CancellationToken cancellationToken)
    {
        var before = _now;
        _now = next;
        if (next.Differs(before, UpdateKey)) update.Now = next.Options.Update;
        if (next.Differs(before, DriftOptions.Section)) drift.Now = next.Options.Drift;
        if (next.Differs(before, SamplingKey))
        {
            sampling.Now = next.Options.Sampling;
            sampler.Change(next.Options.Sampling);
        }
        if (next.Differs(before, TrackingOptions.Section) || next.Differs(before, ZonesOptions.Section)) tracking.Change(TrackingServices.Followed(next.Options));
        if (next.Differs(before, ZonesOptions.Section)) zones.Change(next.Options.Zones);
        // Whatever else a camera's frames meet is as it should be when they come.
        await cameras.ChangeToAsync(next.Options.Cameras, cancellationToken);
    }

    private const string UpdateKey = "update";
    private const string SamplingKey = "sampling";
}

using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Devices.Twins;

namespace CvOps.Fleet.Web;

/// <summary>The overview as all pages show it: read once a second, and once between two beats of <see cref="PagePulse"/>, however many look.</summary>
internal sealed class FleetGlance(OverviewReader overview, TwinStore twins, PagePulse pulse, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _guard = new();
    private Task<Glance>? _last;
    private long _readAt;
    private long _beat;

    public Task<Glance> ReadAsync(CancellationToken cancel)
    {
        lock (_guard)
        {
            // Whoever comes while it is being read waits for the same; one that failed is not kept.
            // What changed since makes a beat: pages that are told of it shall find it.
            if (_last is null || _last.IsFaulted || _last.IsCanceled || (_last.IsCompleted && (time.GetElapsedTime(_readAt) > Fresh || _beat != pulse.Beats)))
                (_beat, _readAt, _last) = (pulse.Beats, time.GetTimestamp(), LookAsync());
            return _last.WaitAsync(cancel);
        }
    }

    private async Task<Glance> LookAsync()
    {
        var read = await overview.ReadAsync(CancellationToken.None);
        return new Glance(read, FleetMap.Of(twins.Survey()));
    }

    /// <param name="Sites">How the devices of each site and line are.</param>
    internal sealed record Glance(FleetOverview Overview, IReadOnlyList<SiteHealth> Sites);
}

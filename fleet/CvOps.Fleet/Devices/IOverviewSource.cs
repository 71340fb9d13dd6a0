using CvOps.Contracts.Api;

namespace CvOps.Fleet.Devices;

/// <summary>What one feature adds to <see cref="FleetOverview"/>. Registered in the container by the feature that knows.</summary>
internal interface IOverviewSource
{
    ValueTask<OverviewPart> ReadAsync(CancellationToken cancel);
}

/// <summary>Counts are added up over the sources; attention is put together, most urgent first.</summary>
internal sealed record OverviewPart(int RolloutsRunning = 0, int DriftAlarms = 0, IReadOnlyList<Attention>? NeedsAttention = null);

using CvOps.Observability.Metrics;

namespace CvOps.Fleet.Observability;

/// <summary>A part of the fleet that can be asked how it is now. One that fails is left out of the page and counted; the others are there.</summary>
internal interface IFleetGauges
{
    ValueTask WriteAsync(MetricPage page, CancellationToken cancel);
}

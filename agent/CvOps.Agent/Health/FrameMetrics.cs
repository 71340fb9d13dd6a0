using CvOps.Agent.Inference;
using CvOps.Observability.Metrics;

namespace CvOps.Agent.Health;

/// <summary>Counts how long frames take, a histogram a camera. On the frame path: allocates for the first frame of a camera alone.</summary>
internal sealed class FrameMetrics(MetricMeter meter) : IInspectedFrameSink, IMetricsSource
{
    private readonly MetricHistogram _inference = meter.Histogram(AgentMetrics.InferenceSeconds);
    private readonly MetricHistogram _latency = meter.Histogram(AgentMetrics.LatencySeconds);

    public void Inspected(in InspectedFrame inspected)
    {
        var (camera, timings) = (inspected.Camera.Value, inspected.Timings);
        _latency.Record((timings.QueueMs + timings.PreprocessMs + timings.InferenceMs + timings.DecodeMs) / 1000, camera);
        if (inspected.Error is null) _inference.Record(timings.InferenceMs / 1000, camera);
    }

    public void Write(MetricPage page) => page.Add(_inference).Add(_latency);
}

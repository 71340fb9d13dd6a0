using System.Text.Json;
using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Agent.Telemetry;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Reports;

/// <summary>Puts every inspection in the spool. When the disk cannot keep up, inspection waits: a result is never dropped silently.</summary>
internal sealed class InspectionPublisher(SpoolLog spool, Topics topics, FrameTracer? tracer = null) : IInspectedFrameSink
{
    private static readonly Action<Utf8JsonWriter, InspectionReport> Write = InspectionWriter.Write;

    private readonly Dictionary<CameraId, string> _topics = [];
    private readonly RefilledReport _report = new();

    public void Inspected(in InspectedFrame inspected)
    {
        if (!_topics.TryGetValue(inspected.Camera, out var topic)) _topics[inspected.Camera] = topic = topics.Inspection(inspected.Camera);
        var report = _report.Of(inspected);
        report.Trace = tracer?.Trace(inspected);
        spool.Append(topic, report, Write);
    }
}

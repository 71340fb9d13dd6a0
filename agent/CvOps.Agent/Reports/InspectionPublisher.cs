using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Reports;

/// <summary>Puts every inspection in the spool. When the disk cannot keep up, inspection waits: a result is never dropped silently.</summary>
internal sealed class InspectionPublisher(SpoolLog spool, Topics topics) : IInspectedFrameSink
{
    private readonly Dictionary<CameraId, string> _topics = [];
    private InspectionReport? _report;

    public void Inspected(in InspectedFrame inspected)
    {
        if (!_topics.TryGetValue(inspected.Camera, out var topic)) _topics[inspected.Camera] = topic = topics.Inspection(inspected.Camera);
        spool.Append(topic, Fill(inspected), ContractsJson.Default.InspectionReport);
    }

    /// <summary>The one report, filled with this frame.</summary>
    private InspectionReport Fill(in InspectedFrame inspected)
    {
        var frame = inspected.Frame;
        var report = _report ??= new InspectionReport
        {
            Origin = OriginStamp.None, Camera = inspected.Camera, Frame = 0, Connection = 0, CapturedAt = default, TimeSource = default, TimeUncertaintyMs = 0,
            Model = inspected.Model.Ref, Prediction = inspected.Prediction, Timings = inspected.Timings,
        };
        report.Camera = inspected.Camera;
        report.Frame = frame.Number;
        report.Connection = frame.Connection;
        report.Part = inspected.Part;
        report.CapturedAt = frame.CapturedAt;
        report.TimeSource = frame.TimeSource;
        report.TimeUncertaintyMs = frame.TimeUncertaintyMs;
        report.Model = inspected.Model.Ref;
        report.Prediction = inspected.Prediction;
        report.Shadow = inspected.Shadow;
        report.Timings = inspected.Timings;
        report.Error = inspected.Error;
        return report;
    }
}

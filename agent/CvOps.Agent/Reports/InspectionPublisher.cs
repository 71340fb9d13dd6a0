using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Reports;

/// <summary>Puts every inspection in the spool. When the disk cannot keep up, inspection waits: a result is never dropped silently.</summary>
internal sealed class InspectionPublisher(SpoolLog spool, Topics topics) : IInspectedFrameSink
{
    public void Inspected(in InspectedFrame inspected)
    {
        var frame = inspected.Frame;
        var report = new InspectionReport
        {
            Origin = SpoolJson.NoOrigin,
            Camera = inspected.Camera,
            Frame = frame.Number,
            Connection = frame.Connection,
            Part = inspected.Part,
            CapturedAt = frame.CapturedAt,
            TimeSource = frame.TimeSource,
            TimeUncertaintyMs = frame.TimeUncertaintyMs,
            Model = inspected.Model.Ref,
            Prediction = inspected.Prediction,
            Shadow = inspected.Shadow,
            Timings = inspected.Timings,
            Error = inspected.Error,
        };
        spool.Append(topics.Inspection(inspected.Camera), origin => report with { Origin = origin }, ContractsJson.Default.InspectionReport);
    }
}

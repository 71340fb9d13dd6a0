using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Reports;

/// <summary>The one inspection report, filled anew for every frame. One thread.</summary>
internal sealed class RefilledReport
{
    private InspectionReport? _report;

    /// <returns>The same object each time, filled with this frame.</returns>
    public InspectionReport Of(in InspectedFrame inspected)
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

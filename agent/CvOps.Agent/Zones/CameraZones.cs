using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Zones;

/// <summary>The areas and lines of one camera, and the report that is growing. One thread at a time.</summary>
internal sealed class CameraZones(ZonesOptions options, TimeProvider time)
{
    private (int Connection, int Width, int Height) _world;
    private DateTimeOffset _from;
    private DateTimeOffset _to;
    private long _frames;
    private long _began;

    public CameraId Camera => options.Camera;

    public IReadOnlyList<AreaVisits> Areas { get; } = [.. options.Areas.Select(area => new AreaVisits(area, options.Anchor))];

    public IReadOnlyList<LineCrossings> Lines { get; } = [.. options.Lines.Select(line => new LineCrossings(line, options.Anchor))];

    /// <summary>A report has frames and is as long as it should be.</summary>
    public bool IsDue => _frames > 0 && time.GetElapsedTime(_began) >= options.Interval;

    public bool HasFrames => _frames > 0;

    public void Add(in InspectedFrame inspected)
    {
        var frame = inspected.Frame;
        var world = (frame.Connection, frame.Width, frame.Height);
        if (world != _world)
        {
            // Tracks end with the connection; who stood where has nothing to do with who stands there now.
            foreach (var area in Areas) area.Clear();
            foreach (var line in Lines) line.Clear();
            _world = world;
        }
        if (_frames++ == 0) (_from, _began) = (frame.CapturedAt, time.GetTimestamp());
        _to = frame.CapturedAt;
        foreach (var area in Areas) area.Update(inspected.Prediction.Detections, frame.CapturedAt, frame.Width, frame.Height);
        foreach (var line in Lines) line.Update(inspected.Prediction.Detections, frame.CapturedAt, frame.Width, frame.Height);
    }

    /// <summary>Ends the report and begins the next. Its origin is the spool's to put in.</summary>
    public ZoneReport Take()
    {
        var report = new ZoneReport
        {
            Origin = OriginStamp.None, Camera = Camera, From = _from, To = _to, Frames = _frames,
            Zones = [.. Areas.SelectMany(area => area.TakeCounts())], Lines = [.. Lines.SelectMany(line => line.TakeCounts())],
        };
        _frames = 0;
        return report;
    }
}

using System.Collections.Frozen;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Observability.Metrics;

namespace CvOps.Agent.Zones;

/// <summary>Shows each frame to its camera's zones and reports what they counted. Frames without a prediction are left out.</summary>
/// <param name="append">Puts a report in the spool.</param>
internal sealed class ZoneSink(IEnumerable<ZonesOptions> cameras, Action<ZoneReport> append, TimeProvider time) : IInspectedFrameSink, IMetricsSource, IDisposable
{
    private readonly Lock _gate = new();
    private volatile FrozenDictionary<CameraId, CameraZones> _cameras = cameras.ToFrozenDictionary(camera => camera.Camera, camera => new CameraZones(camera, time));

    public void Inspected(in InspectedFrame inspected)
    {
        if (inspected.Error is not null || !_cameras.ContainsKey(inspected.Camera)) return;
        lock (_gate)
        {
            if (!_cameras.TryGetValue(inspected.Camera, out var zones)) return;
            zones.Add(inspected);
            if (zones.IsDue) append(zones.Take());
        }
    }

    /// <summary>Counts in these from now on; what is open is reported, and everything begins anew.</summary>
    public void Change(IEnumerable<ZonesOptions> wanted)
    {
        lock (_gate)
        {
            foreach (var zones in _cameras.Values)
            {
                if (zones.HasFrames) append(zones.Take());
            }
            _cameras = wanted.ToFrozenDictionary(camera => camera.Camera, camera => new CameraZones(camera, time));
        }
    }

    /// <summary>Reports what is due; called on a clock, for cameras that have stopped.</summary>
    public void Tick()
    {
        lock (_gate)
        {
            foreach (var zones in _cameras.Values)
            {
                if (zones.IsDue) append(zones.Take());
            }
        }
    }

    /// <summary>Reports what is open.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var zones in _cameras.Values)
            {
                if (zones.HasFrames) append(zones.Take());
            }
        }
    }

    public void Write(MetricPage page)
    {
        lock (_gate)
        {
            if (_cameras.Count == 0) return;
            Areas(page, AgentMetrics.ZonePresent, tally => tally.Present);
            Areas(page, AgentMetrics.ZoneEntered, tally => tally.Entered);
            Areas(page, AgentMetrics.ZoneLeft, tally => tally.Left);
            Areas(page, AgentMetrics.ZoneDwell, tally => tally.DwellSeconds);
            Areas(page, AgentMetrics.ZoneOverstayed, tally => tally.Overstayed);
            page.Declare(AgentMetrics.LineCrossings);
            foreach (var zones in _cameras.Values)
            {
                foreach (var line in zones.Lines)
                {
                    foreach (var tally in line.Tallies)
                    {
                        page.Add(AgentMetrics.LineCrossings, tally.In, zones.Camera.Value, line.Name, tally.Class, "in");
                        page.Add(AgentMetrics.LineCrossings, tally.Out, zones.Camera.Value, line.Name, tally.Class, "out");
                    }
                }
            }
        }
    }

    private void Areas(MetricPage page, MetricRule rule, Func<AreaVisits.Tally, double> value)
    {
        page.Declare(rule);
        foreach (var zones in _cameras.Values)
        {
            foreach (var area in zones.Areas)
            {
                foreach (var tally in area.Tallies) page.Add(rule, value(tally), zones.Camera.Value, area.Name, tally.Class);
            }
        }
    }
}

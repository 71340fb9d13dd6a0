using System.Collections.Frozen;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

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

    public void Write(PrometheusText page)
    {
        lock (_gate)
        {
            if (_cameras.Count == 0) return;
            Areas(page, "cvops_agent_zone_present", "gauge", "Objects in the zone.", tally => tally.Present);
            Areas(page, "cvops_agent_zone_entered_total", "counter", "Visits that began.", tally => tally.Entered);
            Areas(page, "cvops_agent_zone_left_total", "counter", "Visits that ended.", tally => tally.Left);
            Areas(page, "cvops_agent_zone_dwell_seconds_total", "counter", "Length of the visits that ended.", tally => tally.DwellSeconds);
            Areas(page, "cvops_agent_zone_overstayed_total", "counter", "Visits that came to be longer than the zone's limit.", tally => tally.Overstayed);
            page.Metric("cvops_agent_line_crossings_total", "counter", "Objects that crossed the line.");
            foreach (var zones in _cameras.Values)
            {
                foreach (var line in zones.Lines)
                {
                    foreach (var tally in line.Tallies)
                    {
                        page.Sample("cvops_agent_line_crossings_total", tally.In, ("camera", zones.Camera.Value), ("line", line.Name), ("class", tally.Class), ("direction", "in"));
                        page.Sample("cvops_agent_line_crossings_total", tally.Out, ("camera", zones.Camera.Value), ("line", line.Name), ("class", tally.Class), ("direction", "out"));
                    }
                }
            }
        }
    }

    private void Areas(PrometheusText page, string name, string type, string help, Func<AreaVisits.Tally, double> value)
    {
        page.Metric(name, type, help);
        foreach (var zones in _cameras.Values)
        {
            foreach (var area in zones.Areas)
            {
                foreach (var tally in area.Tallies) page.Sample(name, value(tally), ("camera", zones.Camera.Value), ("zone", area.Name), ("class", tally.Class));
            }
        }
    }
}

using CvOps.Agent.Configuration;
using CvOps.Agent.Tests.Health;
using CvOps.Agent.Tests.Sampling;
using CvOps.Agent.Tracking;
using CvOps.Agent.Zones;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Observability.Metrics;

namespace CvOps.Agent.Tests.Zones;

/// <summary>From detections to tracks to reports and metrics.</summary>
public sealed class ZoneSinkTests
{
    private static readonly CameraId Camera = new("cam");

    private static readonly ZonesOptions Options = new()
    {
        Camera = Camera,
        Areas = [new AreaOptions { Name = "left", Polygon = [new() { X = 0, Y = 0 }, new() { X = 0.5, Y = 0 }, new() { X = 0.5, Y = 1 }, new() { X = 0, Y = 1 }] }],
        Lines = [new LineOptions { Name = "middle", From = new() { X = 0.5, Y = 1 }, To = new() { X = 0.5, Y = 0 } }],
    };

    [Fact]
    public void Reports_come_at_their_interval_and_add_up()
    {
        using var rig = new InspectionRig();
        var reports = new List<ZoneReport>();
        var tracking = new TrackingSink([new TrackingOptions { Camera = Camera }]);
        using var zones = new ZoneSink([Options], reports.Add, rig.Time);
        for (var i = 0; i < 300; i++)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(0.1));
            // A part every three seconds, from left to right through the picture of 32 x 16.
            var box = new Detection("part", 0.9, i % 30 - 2, 4, 6, 8);
            rig.Show([tracking, zones], detections: [box]);
        }
        zones.Dispose();
        Assert.Equal(3, reports.Count);
        Assert.Equal(300, reports.Sum(report => report.Frames));
        Assert.All(reports, report => Assert.Equal(Camera, report.Camera));
        Assert.Equal((10, 10, 10, 0), (reports.Sum(report => report.Zones.Sum(zone => zone.Entered)), reports.Sum(report => report.Zones.Sum(zone => zone.Left)),
            reports.Sum(report => report.Lines.Sum(line => line.In)), reports.Sum(report => report.Lines.Sum(line => line.Out))));

        var page = new MetricPage();
        zones.Write(page);
        var samples = PrometheusParser.Parse(page.ToString());
        Assert.Equal(10, Assert.Single(samples, it => it.Name == "cvops_agent_zone_entered_total" && it.Labels["zone"] == "left" && it.Labels["class"] == "part").Value);
        Assert.Equal(10, Assert.Single(samples, it => it.Name == "cvops_agent_line_crossings_total" && it.Labels["direction"] == "in").Value);
    }

    [Fact]
    public void A_camera_that_stops_has_its_report_all_the_same()
    {
        using var rig = new InspectionRig();
        var reports = new List<ZoneReport>();
        using var zones = new ZoneSink([Options], reports.Add, rig.Time);
        zones.Tick();
        rig.Show(zones);
        rig.Time.Advance(TimeSpan.FromSeconds(9));
        zones.Tick();
        Assert.Empty(reports);
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        zones.Tick();
        Assert.Equal(1, Assert.Single(reports).Frames);
    }

    [Fact]
    public void Another_connection_is_another_world_for_tracks_and_zones()
    {
        using var rig = new InspectionRig();
        var tracking = new TrackingSink([new TrackingOptions { Camera = Camera }]);
        var box = new Detection("part", 0.9, 2, 4, 6, 8);
        rig.Show([tracking], detections: [box]);
        Assert.Equal(1, box.Track);
        rig.Connection++;
        rig.Show([tracking], detections: [box]);
        Assert.Null(box.Track);
        rig.Show([tracking], detections: [box]);
        Assert.Equal(2, box.Track);
        rig.Show([tracking], detections: [box], error: "Output 'boxes' is NaN.");
        Assert.Equal(2, box.Track);
    }

    private const string Head = """
        site: plant-a
        device: device-1
        link:
          brokers: ['mqtt://127.0.0.1:1883']
        cameras:
          - id: cam-1
            url: rtsp://10.0.0.1/stream

        """;

    [Fact]
    public void The_examples_sections_are_read_when_their_comment_signs_go()
    {
        var example = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "agent.yaml")).SkipWhile(line => !line.StartsWith("# tracking:", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('#'));
        var options = ConfigurationFile.Parse(Head + string.Join('\n', example.Select(line => line[2..])) + "\n");
        Assert.Equal(new TrackingOptions { Camera = new CameraId("cam-1") }, Assert.Single(options.Tracking));
        var zones = Assert.Single(options.Zones);
        Assert.Equal((4, TimeSpan.FromSeconds(30), "gate", TimeSpan.FromSeconds(10)), (zones.Areas[0].Polygon.Count, zones.Areas[0].DwellLimit, zones.Lines[0].Name, zones.Interval));
    }

    [Theory]
    [InlineData("zones:\n  - camera: cam-1", "name at least one of 'areas' and 'lines'")]
    [InlineData("zones:\n  - camera: cam-2\n    lines: [{ name: a, from: { x: 0, y: 0 }, to: { x: 1, y: 1 } }]", "there is no camera 'cam-2'")]
    [InlineData("zones:\n  - camera: cam-1\n    lines: [{ name: a, from: { x: 0, y: 0 }, to: { x: 0, y: 0 } }]", "two different ends")]
    [InlineData("zones:\n  - camera: cam-1\n    lines: [{ name: a, from: { x: 0, y: 0 }, to: { x: 100, y: 0 } }]", "out of range; use 0 to 1")]
    [InlineData("zones:\n  - camera: cam-1\n    areas: [{ name: a, polygon: [{ x: 0, y: 0 }, { x: 1, y: 0 }] }]", "at least three corners")]
    [InlineData("zones:\n  - camera: cam-1\n    areas: [{ name: a b, polygon: [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }] }]", "a name is 1 to 64 letters")]
    [InlineData("zones:\n  - camera: cam-1\n    lines: [{ name: a, from: { x: 0, y: 0 }, to: { x: 1, y: 0 } }, { name: a, from: { x: 0, y: 0 }, to: { x: 1, y: 0 } }]", "the name of 2 areas or lines")]
    [InlineData("tracking: [{ camera: cam-1, low-score: 0.7 }]", "must not be above the high score of 0.5")]
    [InlineData("tracking: [{ camera: cam-1 }, { camera: cam-1 }]", "has an entry already")]
    public void A_mistake_is_a_sentence(string section, string part) => Assert.Contains(
        Assert.Throws<ConfigurationException>(() => ConfigurationFile.Parse(Head + section + "\n")).Mistakes, mistake => mistake.ToString().Contains(part, StringComparison.Ordinal));
}

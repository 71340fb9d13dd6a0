using CvOps.Agent.Health;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Tests.Health;

public sealed class MetricsPageTests
{
    private const string Nasty = "a \"quoted\" \\ back\nslash";

    private static readonly DeviceHealth Sick = new()
    {
        Origin = new Origin(new DeviceId("press-1"), 3, 7), At = DateTimeOffset.UnixEpoch, UptimeSeconds = 12.5, ResidentBytes = 123_456_789_012, Provider = "CPU",
        Cameras =
        [
            new CameraHealth(new CameraId("cam-1"), CameraState.Live, 24.9, double.PositiveInfinity, 1000, 2, 3, 4, null),
            new CameraHealth(new CameraId("cam-2"), CameraState.Lost, 0, double.NaN, 0, 0, 0, 0, "It is switched off."),
        ],
        Spool = new SpoolHealth(5, 600, 1 << 30, 1, 2)
        {
            Classes = [new SpoolClassHealth("results", 3, 400, 1 << 30), new SpoolClassHealth("frames", 2, 200, 1 << 29)],
            Losses = [new SpoolLoss(TopicKind.Frame, SpoolLossReason.Budget, 1), new SpoolLoss(null, SpoolLossReason.Expired, 4)],
        },
        ShadowFramesShed = 9,
    };

    [Fact]
    public void Every_number_is_there_with_its_camera()
    {
        var samples = PrometheusParser.Parse(MetricsPage.Of(Sick, new ReportedModel { State = UpdateState.Soaking, Active = new ModelRef("tiny", Nasty, new string('a', 64)) }, []).Text());
        double Of(string name, string? camera = null) => Assert.Single(samples, it => it.Name == name && it.Labels.GetValueOrDefault("camera") == camera).Value;
        Assert.Equal(1000, Of("cvops_agent_frames_inspected_total", "cam-1"));
        Assert.Equal(4, Of("cvops_agent_camera_reconnects_total", "cam-1"));
        Assert.Equal((1, 0), (Of("cvops_agent_camera_live", "cam-1"), Of("cvops_agent_camera_live", "cam-2")));
        Assert.Equal(double.PositiveInfinity, Of("cvops_agent_latency_p99_seconds", "cam-1"));
        Assert.Equal(double.NaN, Of("cvops_agent_latency_p99_seconds", "cam-2"));
        Assert.Equal(123_456_789_012, Of("cvops_agent_resident_bytes"));
        Assert.Equal(9, Of("cvops_agent_shadow_frames_shed_total"));
        Assert.Equal((5, 1, 2), (Of("cvops_agent_spool_waiting_messages"), Of("cvops_agent_spool_evicted_messages_total"), Of("cvops_agent_spool_dead_letters_total")));
        Assert.Equal(200, Assert.Single(samples, it => it.Name == "cvops_agent_spool_class_waiting_bytes" && it.Labels["class"] == "frames").Value);
        Assert.Equal(
            [("Frame", "Budget", 1), ("other", "Expired", 4)],
            samples.Where(it => it.Name == "cvops_agent_spool_lost_messages_total").Select(it => (it.Labels["kind"], it.Labels["reason"], it.Value)));
        Assert.Equal(Nasty, Assert.Single(samples, it => it.Name == "cvops_agent_model_info").Labels["version"]);
        Assert.Equal("Soaking", Assert.Single(samples, it => it.Name == "cvops_agent_update_state").Labels["state"]);
    }

    [Fact]
    public void Without_a_model_there_is_no_model_sample()
    {
        var samples = PrometheusParser.Parse(MetricsPage.Of(Sick, new ReportedModel { State = UpdateState.Idle }, []).Text());
        Assert.DoesNotContain(samples, it => it.Name == "cvops_agent_model_info");
    }
}

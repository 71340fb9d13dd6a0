using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices.Twins;

namespace CvOps.Fleet.Tests.Devices.Twins;

public sealed class TwinGlanceTests
{
    public static TheoryData<CameraState[], long> Healths => new()
    {
        { [], 0 }, { [], 3 }, { [CameraState.Live, CameraState.Finished, CameraState.Connecting], 0 }, { [CameraState.Live, CameraState.Live], 7 },
        { [CameraState.Stale], 0 }, { [CameraState.Live, CameraState.Lost], 7 },
    };

    [Theory]
    [MemberData(nameof(Healths))]
    public void A_health_report_read_over_says_what_its_record_says(CameraState[] cameras, long evicted)
    {
        var health = new DeviceHealth
        {
            Origin = new Origin(new DeviceId("line-1"), 1, 1, 0), At = DateTimeOffset.UnixEpoch, UptimeSeconds = 1, ResidentBytes = 1, Provider = "CPU",
            Cameras = [.. cameras.Select((state, i) => new CameraHealth(new CameraId($"cam-{i}"), state, 1, 1, 1, 0, 0, 0, "state") { Last = new LastDecision("state", false) })],
            Spool = new SpoolHealth(0, 0, 0, evicted, 0),
        };
        Assert.Equal(TwinGlance.Of(health), TwinGlance.OfHealth(JsonSerializer.SerializeToUtf8Bytes(health, ContractsJson.Default.DeviceHealth)));
    }

    [Theory]
    [InlineData(UpdateState.Failed, 2)]
    [InlineData(UpdateState.RolledBack, 0)]
    public void A_reported_twin_read_over_says_what_its_record_says(UpdateState state, int cameras)
    {
        var reported = new TwinReported
        {
            DesiredVersion = 1, Boot = 1, At = DateTimeOffset.UnixEpoch, AgentVersion = "1", Provider = "CPU",
            Cameras = [.. Enumerable.Range(0, cameras).Select(i => new ReportedCamera(new CameraId($"cam-{i}"), "rtsp", 1, 1))],
            Model = new ReportedModel { State = state, Target = new string('a', 64), Reason = "Failed" },
        };
        Assert.Equal(TwinGlance.Of(reported), TwinGlance.OfReported(JsonSerializer.SerializeToUtf8Bytes(reported, ContractsJson.Default.TwinReported)));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"cameras\":[{\"state\":")]
    [InlineData("")]
    public void What_is_no_document_is_refused(string json)
    {
        Assert.ThrowsAny<JsonException>(() => TwinGlance.OfHealth(System.Text.Encoding.UTF8.GetBytes(json)));
        Assert.ThrowsAny<JsonException>(() => TwinGlance.OfReported(System.Text.Encoding.UTF8.GetBytes(json)));
    }
}

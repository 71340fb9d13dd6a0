using CvOps.Agent.Actuation;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Tests.Actuation;

public sealed class InspectionStateRuleTests
{
    [Fact]
    public void Only_a_live_camera_with_a_model_inspects()
    {
        foreach (var state in (CameraState?[])[null, .. Enum.GetValues<CameraState>()])
        {
            Assert.Equal(state == CameraState.Live, InspectionStateRule.Inspects(state, hasModel: true, stopping: false));
            Assert.False(InspectionStateRule.Inspects(state, hasModel: false, stopping: false));
            Assert.False(InspectionStateRule.Inspects(state, hasModel: true, stopping: true));
        }
    }

    [Theory]
    [InlineData(CameraState.Live, true, false, null, "Green")]
    [InlineData(CameraState.Live, true, false, 60, "Green")]
    [InlineData(CameraState.Live, true, false, 3, "Yellow")]
    [InlineData(CameraState.Live, false, false, null, "Yellow")]
    [InlineData(CameraState.Connecting, true, false, null, "Yellow")]
    [InlineData(CameraState.Stale, true, false, null, "Red")]
    [InlineData(CameraState.Lost, true, false, null, "Red")]
    [InlineData(CameraState.Finished, true, false, null, "Red")]
    [InlineData(CameraState.Live, true, true, null, "Red")]
    [InlineData(null, true, false, null, "Red")]
    public void One_lamp_says_how_it_is(CameraState? camera, bool hasModel, bool stopping, int? troubleSecondsAgo, string lamp) =>
        Assert.Equal(lamp, InspectionStateRule.Show(camera, hasModel, stopping, troubleSecondsAgo is { } ago ? TimeSpan.FromSeconds(ago) : null).ToString());
}

using CvOps.Agent.Health;
using CvOps.Contracts.Telemetry;
using static CvOps.Contracts.Telemetry.CameraState;

namespace CvOps.Agent.Tests.Health;

public sealed class StatusLineTests
{
    [Fact]
    public void It_names_the_model_and_counts_cameras() =>
        Assert.Equal("line 1.2.0 is in charge; 2 of 4 cameras live, 1 connecting, 1 lost", StatusLine.Of(new ModelRef("line", "1.2.0", new string('a', 64)), [Live, Lost, Connecting, Live]));

    [Fact]
    public void A_device_that_inspects_nothing_says_so() =>
        Assert.Equal("No model is in charge: nothing is inspected; 0 of 1 cameras live, 1 stale", StatusLine.Of(null, [Stale]));
}

using CvOps.Contracts.Telemetry;

namespace CvOps.Shared.Tests.Contracts;

public sealed class PredictionTests
{
    [Fact]
    public void A_copy_shares_nothing_that_the_next_frame_changes()
    {
        var detection = new Detection("a", 0.5, 1, 2, 3, 4) { Keypoints = [1, 2, 3], Polygon = [1, 2, 3, 4, 5, 6] };
        var prediction = new Prediction { Class = "a", Detections = [detection], Labels = [new("a", 0.5)], Areas = [new("a", 0.25)] };
        var copy = prediction.Copy();

        detection.Class = "b";
        detection.Keypoints[0] = detection.Polygon[0] = 9;
        prediction.Detections.Clear();
        prediction.Labels.Clear();
        prediction.Areas.Clear();

        Assert.Equal([new LabelScore("a", 0.5)], copy.Labels);
        Assert.Equal([new ClassArea("a", 0.25)], copy.Areas);
        var kept = Assert.Single(copy.Detections);
        Assert.Equal("a", kept.Class);
        Assert.Equal([1, 2, 3], kept.Keypoints);
        Assert.Equal([1, 2, 3, 4, 5, 6], kept.Polygon);
    }
}

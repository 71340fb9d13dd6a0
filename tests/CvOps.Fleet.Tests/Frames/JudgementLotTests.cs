using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames;

namespace CvOps.Fleet.Tests.Frames;

public sealed class JudgementLotTests
{
    [Fact]
    public void Frames_of_a_camera_that_keeps_few_are_judged_as_often_as_all_others_whatever_they_show()
    {
        // One camera keeps all of its discordant frames, another one of ten. Of the frames that come first, each camera's stand for as many that happened.
        var random = new Random(5);
        (string Camera, double Kept)[] cameras = [("quiet", 1), ("busy", 0.1)];
        var happened = 20_000;
        var kept = cameras.SelectMany(camera => Enumerable.Range(0, happened).Where(_ => random.NextDouble() < camera.Kept)
            .Select(i => (camera.Camera, Frame: Frame($"{camera.Camera}-{i}", camera.Kept)))).ToArray();
        var judged = kept.OrderByDescending(frame => JudgementLot.Place(frame.Frame)).Take(1000).CountBy(frame => frame.Camera).ToDictionary();
        // 500 each expected, by chance within 5 standard errors of 16.
        Assert.InRange(judged["quiet"], 420, 580);
    }

    [Fact]
    public void Only_draws_by_chance_count()
    {
        Assert.True(JudgementLot.Drew(Frame("a", 1)));
        Assert.True(JudgementLot.Drew(Frame("a", 1) with { Reasons = [new SamplingReason("entropy", 1), new SamplingReason("audit", 1)] }));
        Assert.False(JudgementLot.Drew(Frame("a", 1) with { Reasons = [new SamplingReason("entropy", 1)] }));
        Assert.InRange(JudgementLot.Place(Frame("a", 1) with { InclusionProbability = null }), 0, 1);
    }

    private static FrameView Frame(string id, double inclusion) => new()
    {
        Id = id, CapturedAt = DateTimeOffset.UnixEpoch, Reasons = [new SamplingReason("disagreement", 1)], InclusionProbability = inclusion, ImageDigest = "", Width = 1, Height = 1,
        State = LabelState.Unlabelled, Use = FrameUse.Training,
    };
}

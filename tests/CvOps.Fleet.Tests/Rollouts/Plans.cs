using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Tests.Rollouts;

internal static class Plans
{
    public static readonly ModelRef Old = new("line", "1", new string('a', 64));
    public static readonly ModelRef New = new("line", "2", new string('b', 64));

    public static RolloutPlan Of(params RolloutRing[] rings) => new() { Name = "v2", Model = New.Digest, Everything = true, Rings = rings };

    public static Candidate Device(string id, string site = "north", ModelRef? active = null, string? heldBy = null) =>
        new(new DeviceId(id), new SiteId(site), new Dictionary<string, string> { ["line"] = id[^1..] }, active ?? Old, heldBy);

    public static InspectionReport Report(string device, long sequence, ModelRef model, string? said, ModelRef? shadow = null, string? shadowSaid = null, string? error = null) => new()
    {
        Origin = new Origin(new DeviceId(device), 1, sequence), Camera = new CameraId("cam"), Frame = sequence, Connection = 1, CapturedAt = DateTimeOffset.UnixEpoch,
        TimeSource = TimeSource.Host, TimeUncertaintyMs = 1, Model = model, Prediction = new Prediction { Class = said, Confidence = 0.9 },
        Shadow = shadow is null ? null : new ShadowPrediction(shadow, new Prediction { Class = shadowSaid, Confidence = 0.8 }), Timings = new FrameTimings(0, 0, 0, 0), Error = error,
    };
}

using CvOps.Contracts.Telemetry;

namespace CvOps.Contracts.Api;

/// <summary>Frames of a rollout that wait for a person's judgement, in the order in which they should be judged: any other would bias the comparison.</summary>
/// <param name="Waiting">All that wait, on this page or not.</param>
/// <param name="Needed">Judgements that would let the rollout pass if they fall as so far; 0 when it has what it needs, null when none would.</param>
public sealed record DiscordantPage(IReadOnlyList<DiscordantFrame> Frames, long Waiting, long? Needed);

/// <param name="Image">Where the picture is, relative to the API's root.</param>
public sealed record DiscordantFrame(
    string Id, DeviceId Device, CameraId? Camera, string? Part, DateTimeOffset CapturedAt, Prediction Challenger, Prediction Champion, FrameCrop? Crop, int Width, int Height, string Image);

public enum RightModel { Challenger, Champion, Neither }

/// <summary>Who was right on a frame; it labels the frame with that model's class.</summary>
/// <param name="Class">What it shows, when neither was right.</param>
public sealed record Judgement(RightModel Right, string By, string? Class = null);

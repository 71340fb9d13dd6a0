using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Rollouts.Evidence;

/// <summary>The frames of a rollout that a person should judge, the first first; <see cref="JudgementLot"/> says which that is and why.</summary>
internal sealed class DiscordantFrames(Database database, FrameStore frames)
{
    /// <summary>Rows looked at for one page; those that the lot did not draw come last and count for nothing.</summary>
    private const int Looked = 1000;

    public async Task<DiscordantPage> PageAsync(RolloutView rollout, int limit, CancellationToken cancel)
    {
        var waiting = await database.ReadAsync(connection => connection.Query<string>(
            """
            SELECT f.body FROM frames AS f JOIN rollout_device AS d ON d.device = f.device AND d.rollout = @Id
            WHERE f.state = 0 AND f.disagrees = 1 AND ((f.model = @Digest AND f.shadow_model = d.previous) OR (f.shadow_model = @Digest AND f.model = d.previous))
            ORDER BY f.uncertainty DESC, f.row LIMIT @Looked
            """, new { rollout.Id, rollout.Model.Digest, Looked }).Select(FrameTable.Parse).Where(JudgementLot.Drew).ToArray(), cancel);
        return new DiscordantPage([.. waiting.Take(limit).Select(frame => Show(frame, rollout.Model.Digest))], waiting.Length, FutilityRule.Needed(rollout.Plan, rollout.Evidence));
    }

    /// <summary>Labels the frame by who was right; the comparison hears of it as of any label.</summary>
    public async Task<FrameOutcome> JudgeAsync(RolloutView rollout, string id, Judgement judgement, CancellationToken cancel)
    {
        if (await frames.FindAsync(id, cancel) is not { Prediction: { } prediction, Shadow: { } shadow } frame) return new FrameOutcome(null, null);
        if (frame.State != LabelState.Unlabelled) return new FrameOutcome(null, $"Frame {id} has a label already, and a judgement can't be taken back; PUT frames/{id}/label changes the label alone.");
        var digest = rollout.Model.Digest;
        if (frame.Model?.Digest != digest && shadow.Model.Digest != digest) return new FrameOutcome(null, $"Frame {id} was not seen by {rollout.Model.Name} {rollout.Model.Version}, so it says nothing of this rollout.");
        if (judgement.Right == RightModel.Neither && string.IsNullOrEmpty(judgement.Class)) return new FrameOutcome(null, "When neither was right, say in 'class' what the frame shows; what can't be told is skipped with PUT frames/{id}/label.");
        var shown = Show(frame, digest);
        var said = judgement.Right switch { RightModel.Challenger => shown.Challenger.Class, RightModel.Champion => shown.Champion.Class, _ => judgement.Class };
        // A model that found nothing was right where there is nothing to see. Who judges for a rollout decides alone: it waits for the answer.
        return await frames.LabelAsync(id, new LabelRequest(said, judgement.By, Boxes: said is null ? [] : null, Via: "rollout", Review: true), cancel);
    }

    private static DiscordantFrame Show(FrameView frame, string digest)
    {
        var (mine, other) = (frame.Prediction!, frame.Shadow!.Prediction);
        var (young, old) = frame.Model?.Digest == digest ? (mine, other) : (other, mine);
        return new DiscordantFrame(frame.Id, frame.Device!.Value, frame.Camera, frame.Part, frame.CapturedAt, young, old, frame.Crop, frame.Width, frame.Height, $"frames/{frame.Id}/image");
    }
}

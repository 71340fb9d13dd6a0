using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames;

/// <summary>How right a model is in production, over all its cameras and each for itself.</summary>
internal sealed class AccuracyReader(Database database)
{
    /// <param name="since">Frames captured before it do not count; null for all.</param>
    public async Task<ModelAccuracy> ReadAsync(ModelRef model, DateTimeOffset? since, CancellationToken cancel)
    {
        var frames = await database.ReadAsync(connection => connection.Query<string>(
            "SELECT body FROM frames WHERE model = @Digest AND device IS NOT NULL AND (@Since IS NULL OR captured_at >= @Since)",
            new { model.Digest, Since = since is { } from ? SqlTime.Of(from) : (long?)null }).Select(FrameTable.Parse).ToArray(), cancel);
        var cameras = frames.GroupBy(frame => (frame.Device, frame.Camera)).OrderBy(group => $"{group.Key.Device}/{group.Key.Camera}", StringComparer.Ordinal)
            .Select(group => Of([.. group]) with { Device = group.Key.Device, Camera = group.Key.Camera }).ToArray();
        return new ModelAccuracy(model, Of(frames), cameras);
    }

    private static AccuracyEstimate Of(FrameView[] frames)
    {
        // A frame that people skipped can't be judged by anybody: it is none of those whose share is asked for.
        var usable = frames.Where(frame => frame is { InclusionProbability: > 0 and <= 1, Prediction: not null } && frame.State != LabelState.Skipped)
            .Select(frame => new SampledVerdict(frame.InclusionProbability!.Value, LabelValue.Uncertainty(frame.Prediction!), frame.Label is { } label && frame.State == LabelState.Labelled ? AnswerRule.Of(label, frame.Prediction!).Right : null)).ToArray();
        var estimate = AccuracyEstimator.Estimate(usable);
        return new AccuracyEstimate
        {
            Accuracy = estimate.Share?.Estimate, Low = estimate.Share?.Low, High = estimate.Share?.High, Sampled = usable.Length, Labelled = estimate.Labelled,
            LeftOut = frames.Count(frame => frame.InclusionProbability is not (> 0 and <= 1)), Represented = estimate.Represented, EffectiveLabels = estimate.EffectiveLabels,
            Note = estimate.Note,
        };
    }
}

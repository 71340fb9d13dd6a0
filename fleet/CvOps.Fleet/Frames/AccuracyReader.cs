using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Retention;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames;

/// <summary>How right a model is in production, over all its cameras and each for itself.</summary>
internal sealed class AccuracyReader(Database database)
{
    /// <param name="since">Frames captured before it do not count; null for all.</param>
    public async Task<ModelAccuracy> ReadAsync(ModelRef model, DateTimeOffset? since, CancellationToken cancel)
    {
        var (frames, horizon) = await database.ReadMomentAsync(connection =>
        {
            var gone = RetentionTable.FrameHorizon(connection);
            var passes = RetentionTable.Passes(connection);
            var from = since is { } asked && gone is { } policy ? (asked > policy ? asked : policy) : since ?? gone;
            return (connection.Query<(string Body, double Worth, long Disagrees, long StoredAt, long? LabelledAt)>(
                "SELECT body, worth, disagrees, stored_at, labelled_at FROM frames WHERE model = @Digest AND device IS NOT NULL AND (@From IS NULL OR captured_at >= @From)",
                new { model.Digest, From = from is { } start ? SqlTime.Of(start) : (long?)null })
                .Select(row => Kept(FrameTable.Parse(row.Body), row.Disagrees == 1 ? 1 : Thinning.Survival(row.Worth, SqlTime.From(row.StoredAt), row.LabelledAt is { } at ? SqlTime.From(at) : null, passes))).ToArray(),
                gone > (since ?? DateTimeOffset.MinValue) ? gone : null);
        }, cancel);
        var cameras = frames.GroupBy(frame => (frame.Device, frame.Camera)).OrderBy(group => $"{group.Key.Device}/{group.Key.Camera}", StringComparer.Ordinal)
            .Select(group => Of([.. group]) with { Device = group.Key.Device, Camera = group.Key.Camera }).ToArray();
        var all = Of(frames);
        if (horizon is { } cut) all = all with { Note = $"{all.Note} Frames captured before {cut.UtcDateTime:yyyy-MM-dd HH:mm} are left out: the retention policy let those go that had no label.".Trim() };
        return new ModelAccuracy(model, all, cameras);
    }

    /// <summary>A frame that the device kept with probability p, and the fleet's retention with q, stands for 1 / pq.</summary>
    private static FrameView Kept(FrameView frame, double survival) => frame.InclusionProbability is { } inclusion ? frame with { InclusionProbability = inclusion * survival } : frame;

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

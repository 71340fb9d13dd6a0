using System.Diagnostics;
using CvOps.Contracts.Telemetry;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Inference;

/// <summary>Decodes what the models said, hands frame and result to the sinks, and gives the frame back.</summary>
internal sealed partial class FinishStage(IInspectedFrameSink[] sinks, TimeProvider time, ILogger logger, Handoff<InspectionJob> done, Handoff<InspectionJob> idle)
{
    private static readonly Prediction Nothing = new();

    private readonly IInspectedFrameSink[] _prompt = [.. sinks.Where(sink => sink.BeforeChallenger)];
    private readonly IInspectedFrameSink[] _patient = [.. sinks.Where(sink => !sink.BeforeChallenger)];
    private readonly FrameTimings _timings = new(0, 0, 0, 0);
    private float[] _embedding = [];
    private bool _begun;

    public void Run()
    {
        while (done.Take() is { } job)
        {
            if (job.Count == 1) FinishOne(job);
            else FinishBatch(job);
            foreach (var entry in job.Entries) entry.Frame.Dispose();
            if (!_begun) Begin();
            job.End();
            idle.Put(job);
        }
    }

    private void Begin()
    {
        _begun = true;
        using var process = Process.GetCurrentProcess();
        Log.FirstInference(logger, (time.GetUtcNow() - process.StartTime.ToUniversalTime()).TotalSeconds);
    }

    private void FinishOne(InspectionJob job)
    {
        var ahead = job.ChallengerPlace is not null && _prompt.Length > 0;
        var answer = Decode(job, 0);
        using var standIn = answer.StandIn;
        if (ahead) Tell(job, 0, answer, _prompt, last: false);
        job.WaitForChallenger();
        Tell(job, 0, answer, ahead ? _patient : sinks, last: true);
    }

    private void FinishBatch(InspectionJob job)
    {
        var ahead = job.ChallengerPlace is not null && _prompt.Length > 0;
        // A row's prediction lasts until the next row is decoded, so that those who hear of the challenger too have it decoded again.
        if (ahead) TellEach(job, _prompt, last: false);
        job.WaitForChallenger();
        TellEach(job, ahead ? _patient : sinks, last: true);
    }

    private void TellEach(InspectionJob job, IInspectedFrameSink[] to, bool last)
    {
        for (var row = 0; row < job.Count; row++)
        {
            var answer = Decode(job, row);
            using var standIn = answer.StandIn;
            Tell(job, row, answer, to, last);
        }
    }

    /// <summary>What the champion, or the model before in its stead, said of a frame. Whoever asked disposes the stand-in when all is told.</summary>
    /// <param name="Failed">The champion, when another answered in its stead.</param>
    private readonly record struct Answer(Prediction? Prediction, string? Error, bool NotFinite, StandIn? StandIn, ModelAttempt? Failed, long Begun, long Ended);

    private Answer Decode(InspectionJob job, int row)
    {
        var entry = job.Entries[row];
        var begun = time.GetTimestamp();
        Prediction? prediction = null;
        var error = entry.Error;
        var notFinite = error is null && !job.ChampionPlace.Slot.TryDecode(entry.Plan!, row, out prediction, out error) && !job.ChampionPlace.Slot.WasFinite;
        var standIn = error is not null && job.StandIn is { } other ? new StandIn(other, entry.Frame.Picture, time) : null;
        return standIn?.Prediction is { } instead
            ? new Answer(instead, null, false, standIn, new ModelAttempt(job.Champion, Ms(job.RunBegun, job.RunEnded), error, notFinite), begun, time.GetTimestamp())
            : new Answer(prediction, error, notFinite, standIn, null, begun, time.GetTimestamp());
    }

    /// <param name="last">All is known of the frame; before that, what the champion said.</param>
    private void Tell(InspectionJob job, int row, in Answer answer, IInspectedFrameSink[] to, bool last)
    {
        var (entry, failed) = (job.Entries[row], answer.Failed);
        var frame = entry.Frame;
        ModelAttempt? challenger = null;
        var begun = time.GetTimestamp();
        var shadow = last && job.ChallengerPlace is not null ? DecodeShadow(job, entry, row, out challenger) : null;
        var ended = time.GetTimestamp();
        _timings.InferenceMs = failed is null ? Ms(job.RunBegun, job.RunEnded) : answer.StandIn!.InferenceMs;
        _timings.PreprocessMs = failed is null ? Ms(entry.Begun, entry.Prepared) : answer.StandIn!.PreprocessMs;
        _timings.QueueMs = Ms(frame.ReceivedTimestamp, entry.Begun) + Ms(entry.Prepared, job.RunBegun) + Ms(job.RunEnded, answer.Begun);
        _timings.DecodeMs = Ms(answer.Begun, answer.Ended) + Ms(begun, ended) - (failed is null ? 0 : answer.StandIn!.PreprocessMs + answer.StandIn.InferenceMs);
        if (last)
        {
            frame.Lane.Meter.Inspected(Ms(frame.ReceivedTimestamp, ended), answer.Error is not null);
            if (answer.Prediction is { } decided) frame.Lane.Meter.Decided(decided.Class, decided.Reject);
            if (failed is { } stumbled) Log.StoodIn(logger, frame.Lane.Camera.Value, frame.Number, answer.StandIn!.Model.Ref.Version, stumbled.Error!);
            if (answer.Error is { } error) Log.InferenceFailed(logger, frame.Lane.Camera.Value, frame.Number, error);
        }
        var together = failed is null && job.Champion.Session.Batches;
        HandOver(to, new InspectedFrame(frame, failed is null ? job.Champion : answer.StandIn!.Model, answer.Prediction ?? Nothing, shadow, entry.Statistics, _timings, entry.Part, answer.Error)
        {
            Batch = together ? job.Count : 1, BatchRow = together ? row : 0, NotFinite = answer.NotFinite, Challenger = challenger, Failed = failed,
            ChallengerSkipped = last && job.ChallengerPlace is null ? job.Challenger : null,
            NearCut = answer.Prediction is null || failed is not null ? 0 : job.ChampionPlace.Slot.NearCut,
            Embedding = answer.Prediction is null ? default : failed is null ? Keep(job.ChampionPlace.Slot.Embedding(row * job.ChampionPlace.Session.Tiles)) : Keep(answer.StandIn!.Embedding),
        });
    }

    /// <summary>The slot's own numbers are native memory, which no sink shall hold.</summary>
    private ReadOnlyMemory<float> Keep(ReadOnlySpan<float> embedding)
    {
        if (_embedding.Length < embedding.Length) _embedding = new float[embedding.Length];
        embedding.CopyTo(_embedding);
        return _embedding.AsMemory(0, embedding.Length);
    }

    private ShadowPrediction? DecodeShadow(InspectionJob job, InspectionJob.Entry entry, int row, out ModelAttempt? attempt)
    {
        var place = job.ChallengerPlace!;
        var error = entry.ShadowError;
        Prediction? prediction = null;
        var notFinite = error is null && !place.Slot.TryDecode(entry.ShadowPlan!, row, out prediction, out error) && !place.Slot.WasFinite;
        attempt = new ModelAttempt(job.Challenger!, Ms(job.ChallengerBegun, job.ChallengerEnded), error, notFinite);
        if (error is null) return place.Shadow(prediction!);
        Log.ShadowFailed(logger, entry.Frame.Lane.Camera.Value, entry.Frame.Number, error);
        return null;
    }

    private void HandOver(IInspectedFrameSink[] to, in InspectedFrame inspected)
    {
        foreach (var sink in to)
        {
            try
            {
                sink.Inspected(inspected);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // One sink's failure (a full disk, say) must not cost the others their frame, nor the line its inspection.
                Log.SinkFailed(logger, e, sink.GetType().Name, inspected.Camera.Value);
            }
        }
    }

    private double Ms(long from, long to) => time.GetElapsedTime(from, to).TotalMilliseconds;

    private static partial class Log
    {
        [LoggerMessage(1103, LogLevel.Information, "First inference, {Seconds:0.0} s after the program's start")]
        public static partial void FirstInference(ILogger logger, double seconds);

        [LoggerMessage(1100, LogLevel.Warning, "Frame {Frame} of camera {Camera} has no prediction: {Reason}")]
        public static partial void InferenceFailed(ILogger logger, string camera, long frame, string reason);

        [LoggerMessage(1101, LogLevel.Warning, "The shadow has no prediction for frame {Frame} of camera {Camera}: {Reason}")]
        public static partial void ShadowFailed(ILogger logger, string camera, long frame, string reason);

        [LoggerMessage(1104, LogLevel.Warning, "Frame {Frame} of camera {Camera} has the prediction of the model before, {Version}: {Reason}")]
        public static partial void StoodIn(ILogger logger, string camera, long frame, string version, string reason);

        [LoggerMessage(1102, LogLevel.Error, "{Sink} failed on a frame of camera {Camera}")]
        public static partial void SinkFailed(ILogger logger, Exception exception, string sink, string camera);
    }
}

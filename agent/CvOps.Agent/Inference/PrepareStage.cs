using System.Globalization;
using CvOps.Agent.Capture;
using CvOps.Vision;
using CvOps.Vision.PartCodes;

namespace CvOps.Agent.Inference;

/// <summary>
/// Takes frames, leases the models for them, and fills the models' input tensors; measures the picture and reads its part code while its pixels
/// are in the cache. Without a model frames are taken and counted as dropped, so cameras stay live.
/// </summary>
internal sealed class PrepareStage(FrameQueue queue, ModelSlots slots, InferenceOptions options, ShadowBudget budget, TimeProvider time, Handoff<InspectionJob> idle, Handoff<InspectionJob> ready)
{
    private readonly PartNames _parts = new();
    private (LoadedModel? Champion, LoadedModel? Challenger, bool Shares) _pair;
    private long _framesTaken;
    private long _shadowsShed;

    public long FramesTaken => Interlocked.Read(ref _framesTaken);

    /// <summary>Frames that were not even prepared for the challenger.</summary>
    public long ShadowsShed => Interlocked.Read(ref _shadowsShed);

    public void Run(CancellationToken stopping)
    {
        try
        {
            // The job first: while none is free, frames stay in the queue, where a fresher one takes an old one's place.
            while (idle.Take() is { } job)
            {
                if (!Fill(job, stopping)) return;
                ready.Put(job);
            }
        }
        finally
        {
            ready.Close();
        }
    }

    /// <returns>False when stopping.</returns>
    private bool Fill(InspectionJob job, CancellationToken stopping)
    {
        while (true)
        {
            if (queue.Take(stopping) is not { } frame) return false;
            Interlocked.Increment(ref _framesTaken);
            var models = slots.Acquire();
            if (models.Active is { } champion)
            {
                var most = MostFor(champion);
                job.Begin(models, most);
                var asks = models.Shadow is not null && budget.MayAsk(queue.Room, time.GetElapsedTime(frame.ReceivedTimestamp).TotalMilliseconds);
                if (asks) job.AskChallenger(most, Share(champion, models.Shadow!));
                Prepare(job, frame);
                while (job.Count < most && More(champion, stopping) is { } next) Prepare(job, next);
                if (models.Shadow is not null && !asks) Interlocked.Add(ref _shadowsShed, job.Count);
                return true;
            }
            models.Dispose();
            frame.Lane.Meter.PassedOver();
            frame.Dispose();
        }
    }

    private bool Share(LoadedModel champion, LoadedModel challenger)
    {
        if (!ReferenceEquals(_pair.Champion, champion) || !ReferenceEquals(_pair.Challenger, challenger)) _pair = (champion, challenger, champion.TakesSameTensor(challenger));
        return _pair.Shares;
    }

    private int MostFor(LoadedModel champion)
    {
        if (options.WaitsForFullBatch) return champion.Session.Batches ? options.Batch : 1;
        return Math.Min(options.Batch, champion.Batch.Limit);
    }

    /// <summary>Another frame for the same run: one that waits already, or that comes while the model is busy anyway.</summary>
    private Frame? More(LoadedModel champion, CancellationToken stopping)
    {
        var frame = options.WaitsForFullBatch ? queue.Take(stopping) : queue.TryTake(ready.Busy ? TimeSpan.FromMilliseconds(champion.Batch.WindowMs) : TimeSpan.Zero);
        if (frame is not null) Interlocked.Increment(ref _framesTaken);
        return frame;
    }

    private void Prepare(InspectionJob job, Frame frame)
    {
        var row = job.Count;
        var entry = job.Add(frame);
        entry.Begun = time.GetTimestamp();
        var picture = frame.Picture;
        entry.Error = Fill(job.Champion, picture, job.ChampionPlace.Slot.Input(row), out entry.Plan);
        if (job.SharesTensor) (entry.ShadowPlan, entry.ShadowError) = (entry.Plan, entry.Error);
        else if (job.ChallengerPlace is { } place) entry.ShadowError = Fill(job.Challenger!, picture, place.Slot.Input(row), out entry.ShadowPlan);
        entry.Statistics = FrameStatistics.Measure(picture);
        if (frame.Lane.Options.PartCode is { } code && PartCode.TryRead(picture, code.Region, out var serial)) entry.Part = _parts.Of(frame.Lane, serial);
        entry.Prepared = time.GetTimestamp();
    }

    /// <returns>Why the model can make nothing of such a picture; null when it can.</returns>
    private static string? Fill(LoadedModel model, PictureView picture, Span<byte> tensor, out PreprocessPlan? plan)
    {
        plan = null;
        try
        {
            plan = model.PlanFor(picture);
            plan.Fill(picture, tensor);
            return null;
        }
        catch (ModelException e)
        {
            return e.Message;
        }
    }

    /// <summary>A part shows in several frames; its name is made once.</summary>
    private sealed class PartNames
    {
        private readonly Dictionary<CameraLane, (long Serial, string Name)> _last = [];

        public string Of(CameraLane lane, long serial)
        {
            if (_last.TryGetValue(lane, out var last) && last.Serial == serial) return last.Name;
            var name = serial.ToString(CultureInfo.InvariantCulture);
            _last[lane] = (serial, name);
            return name;
        }
    }
}

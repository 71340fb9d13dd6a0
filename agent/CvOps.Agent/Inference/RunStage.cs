using CvOps.Agent.Capture;
using CvOps.Vision;

namespace CvOps.Agent.Inference;

/// <summary>Runs the champion, then the challenger on the same frames if there is time for it. Does nothing else: this thread is the model's.</summary>
internal sealed class RunStage(FrameQueue queue, ShadowBudget budget, TimeProvider time, Handoff<InspectionJob> ready, Handoff<InspectionJob> done)
{
    // As far as the unit's LimitNICE lets us go.
    private const int Niceness = -5;

    private long _lastBegun;
    private long _shadowsShed;

    public long ShadowsShed => Interlocked.Read(ref _shadowsShed);

    public void Run()
    {
        // Before decoders and all else: what they do can wait a millisecond, the model is what frames are waiting for.
        ThreadNiceness.TrySet(Niceness);
        try
        {
            while (ready.Take() is { } job)
            {
                RunChampion(job);
                if (!Asks(job))
                {
                    done.Put(job);
                    continue;
                }
                // The line has the champion's answer while the challenger runs.
                job.BeginChallenger();
                done.Put(job);
                RunChallenger(job);
            }
        }
        finally
        {
            done.Close();
        }
    }

    private void RunChampion(InspectionJob job)
    {
        var begun = job.RunBegun = time.GetTimestamp();
        try
        {
            job.ChampionPlace.Slot.Run(job.Count);
        }
        catch (ModelException e)
        {
            foreach (var entry in job.Entries) entry.Error ??= e.Message;
        }
        job.RunEnded = time.GetTimestamp();
        var ms = Ms(begun, job.RunEnded);
        job.Champion.Batch.Observe(job.Count, ms);
        budget.ChampionRan(ms, _lastBegun == 0 ? 0 : Ms(_lastBegun, begun));
        _lastBegun = begun;
    }

    private bool Asks(InspectionJob job)
    {
        if (job.ChallengerPlace is null) return false;
        if (budget.MayAsk(queue.Room, Ms(job.Entries[0].Frame.ReceivedTimestamp, job.RunEnded))) return true;
        Interlocked.Add(ref _shadowsShed, job.Count);
        job.ShedChallenger();
        return false;
    }

    private void RunChallenger(InspectionJob job)
    {
        job.ChallengerBegun = time.GetTimestamp();
        try
        {
            job.ShareTensor();
            job.ChallengerPlace!.Slot.Run(job.Count);
        }
        catch (ModelException e)
        {
            foreach (var entry in job.Entries) entry.ShadowError ??= e.Message;
        }
        finally
        {
            // The job is another's as soon as it is told: its times are read here.
            var ended = job.ChallengerEnded = time.GetTimestamp();
            budget.ChallengerRan(Ms(job.ChallengerBegun, ended));
            job.EndChallenger();
        }
    }

    private double Ms(long from, long to) => time.GetElapsedTime(from, to).TotalMilliseconds;
}

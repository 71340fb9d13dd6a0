using CvOps.Agent.Inference;

namespace CvOps.Agent.Update;

/// <summary>Counts how a model does on live frames, as challenger while shadowing, in charge while soaking. Fed by the inference thread, read by the update loop.</summary>
internal sealed class SoakMeter(TimeProvider time) : IInspectedFrameSink
{
    private const int LatencySamples = 1024;

    private readonly Lock _gate = new();
    private readonly double[] _latencies = new double[LatencySamples];
    private string? _digest;
    private long _began;
    private long _frames;
    private long _errors;
    private long _framesEver;

    /// <summary>Frames inspected by whatever model since the start.</summary>
    public long FramesEver => Interlocked.Read(ref _framesEver);

    /// <summary>Forgets what was counted and watches this model.</summary>
    public void Begin(string digest)
    {
        lock (_gate)
        {
            (_digest, _frames, _errors, _began) = (digest, 0, 0, time.GetTimestamp());
        }
    }

    public SoakEvidence Evidence()
    {
        lock (_gate)
        {
            var kept = (int)Math.Min(_frames, LatencySamples);
            var sorted = _latencies.AsSpan(0, kept).ToArray();
            Array.Sort(sorted);
            return new SoakEvidence(_frames, _errors, kept == 0 ? 0 : sorted[(int)Math.Ceiling(0.95 * kept) - 1], time.GetElapsedTime(_began));
        }
    }

    public void Inspected(in InspectedFrame inspected)
    {
        Interlocked.Increment(ref _framesEver);
        lock (_gate)
        {
            if (inspected.Model.Ref.Digest == _digest) Count(inspected.Timings.InferenceMs, inspected.Error);
            else if (inspected.Challenger?.Ref.Digest == _digest) Count(inspected.ChallengerMs, inspected.ChallengerError);
        }
    }

    private void Count(double inferenceMs, string? error)
    {
        _latencies[_frames++ % LatencySamples] = inferenceMs;
        if (error is not null) _errors++;
    }
}

namespace CvOps.Agent.Inference;

/// <summary>
/// Learns how many frames of one model are best run together. It settles on a size, now and then tries the next larger or smaller one for a few
/// runs, and changes over when a frame of the larger batch costs clearly less. One thread observes; any reads.
/// </summary>
internal sealed class BatchTuner(int most)
{
    // A batch is worth its latency only when it saves this much a frame.
    private const double Saving = 0.95;

    // Weight of the newest run; some sixteen runs are remembered.
    private const double Weight = 1.0 / 16;

    private const int TrialRuns = 8;
    private const int RunsBetweenTrials = 4096;

    private readonly double[] _msPerFrame = new double[most + 1];
    private int _settled = 1;
    private int _runsAtLimit;
    private int _runsToTrial = TrialRuns;
    private bool _tryLarger = true;
    private volatile int _limit = 1;

    /// <summary>Most frames to run together now, 1 to <c>most</c>, a power of two.</summary>
    public int Limit => _limit;

    /// <summary>Milliseconds that a frame may wait for company while the model is busy anyway: half of a frame's run; 0 as long as nothing is known.</summary>
    public double WindowMs => _msPerFrame[_settled] / 2;

    /// <summary>A run of so many frames took so long.</summary>
    public void Observe(int frames, double ms)
    {
        if (frames < 1 || frames > most) return;
        ref var known = ref _msPerFrame[frames];
        known = known == 0 ? ms / frames : known + Weight * (ms / frames - known);
        if (frames != _limit) return;
        _runsAtLimit++;
        if (_limit != _settled && _runsAtLimit >= TrialRuns) Judge();
        else if (_limit == _settled && _runsAtLimit >= _runsToTrial) Try();
    }

    private void Judge()
    {
        var (small, large) = (Math.Min(_settled, _limit), Math.Max(_settled, _limit));
        var better = _msPerFrame[large] <= Saving * _msPerFrame[small] ? large : small;
        // What was better upwards may be better still; otherwise the other direction, later.
        var upwards = better > _settled;
        (_tryLarger, _runsToTrial) = upwards ? (true, TrialRuns) : (!_tryLarger, RunsBetweenTrials);
        (_settled, _limit, _runsAtLimit) = (better, better, 0);
    }

    private void Try()
    {
        _runsAtLimit = 0;
        var size = _tryLarger || _settled == 1 ? 2 * _settled : _settled / 2;
        if (size > most)
        {
            (_tryLarger, _runsToTrial) = (false, RunsBetweenTrials);
            return;
        }
        // What an earlier trial found may be long ago.
        _msPerFrame[size] = 0;
        _limit = size;
    }
}

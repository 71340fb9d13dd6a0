using CvOps.Agent.Capture;

namespace CvOps.Agent.Inference;

/// <summary>
/// Whether the challenger may be asked about a frame without costing the champion one. Live cameras drop what comes too late, so the challenger
/// gets only time the champion leaves: a bucket that fills with the clock, is emptied by the champion's runs, and pays for the challenger's; and only
/// while every camera's queue has room for what comes meanwhile.
/// Cameras that wait for us lose nothing; there every frame is asked. Which frames are shed depends on load, never on what they show.
/// Safe from any thread.
/// </summary>
internal sealed class ShadowBudget(TimeSpan latencyBudget)
{
    // Part of the clock that may be spent; the rest is for what the operating system does meanwhile.
    private const double Spendable = 0.95;
    private const double MostSavedMs = 1000;
    private const double Weight = 1.0 / 16;

    // While what waits is worked off more comes: with 30 % of the path free, 1 / 0.3 of it in all.
    private const double Backlog = 1 / 0.3;

    private readonly Lock _gate = new();
    private double _savedMs;
    private double _championMs;
    private double _challengerMs;

    /// <summary>The champion's run took so long, and so much time passed since its last one began.</summary>
    public void ChampionRan(double ms, double sinceLastMs)
    {
        lock (_gate)
        {
            _championMs += Weight * (ms - _championMs);
            _savedMs = Math.Clamp(_savedMs + Spendable * sinceLastMs - ms, -MostSavedMs, MostSavedMs);
        }
    }

    public void ChallengerRan(double ms)
    {
        lock (_gate)
        {
            _challengerMs = _challengerMs == 0 ? ms : _challengerMs + Weight * (ms - _challengerMs);
            _savedMs -= ms;
        }
    }

    /// <param name="room">While the challenger runs nothing is taken from there, and then what waits takes its turn.</param>
    /// <param name="ageMs">Of the oldest frame, since it was received.</param>
    public bool MayAsk(in QueueRoom room, double ageMs)
    {
        if (!room.Live) return true;
        lock (_gate)
        {
            return ageMs + _championMs + _challengerMs <= latencyBudget.TotalMilliseconds && _savedMs >= _challengerMs
                && _challengerMs + _championMs * (1 + Backlog * room.Waiting) <= room.Milliseconds;
        }
    }
}

namespace CvOps.Agent.Actuation;

/// <summary>
/// Sleeps until a moment or a signal. The system sleeps in whole milliseconds and wakes a little late, so the last of them is spun: about a
/// millisecond of one core at each end of a pulse. One thread waits; any may signal.
/// </summary>
internal sealed class PreciseWait : IDisposable
{
    private static readonly TimeSpan Spin = TimeSpan.FromMilliseconds(0.3);
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly TimeProvider _time;
    private readonly AutoResetEvent _signal = new(false);
    private readonly ITimer? _timer;

    public PreciseWait(TimeProvider time)
    {
        _time = time;
        // The system's timers pass through the thread pool, which inference and decoders keep busy; a wait with a deadline of its own does not.
        if (time != TimeProvider.System) _timer = time.CreateTimer(_ => _signal.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Signal() => _signal.Set();

    /// <summary>Returns when the moment has come or something was signalled.</summary>
    /// <param name="moment">Counted from <paramref name="started"/>; <see cref="TimeSpan.MaxValue"/> for never.</param>
    /// <param name="started">On the clock of <see cref="TimeProvider.GetTimestamp"/>.</param>
    public void Until(TimeSpan moment, long started)
    {
        if (_timer is not null)
        {
            WaitByTimer(_timer, moment, started);
            return;
        }
        var wait = moment - _time.GetElapsedTime(started);
        if (wait > Spin + Millisecond && _signal.WaitOne(moment == TimeSpan.MaxValue ? Timeout.Infinite : (int)Math.Min(int.MaxValue, (wait - Spin).TotalMilliseconds))) return;
        while (_time.GetElapsedTime(started) < moment) Thread.SpinWait(20);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _signal.Dispose();
    }

    private void WaitByTimer(ITimer timer, TimeSpan moment, long started)
    {
        TimeSpan now;
        do
        {
            now = _time.GetElapsedTime(started);
            if (now >= moment) return;
            timer.Change(moment == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : moment - now, Timeout.InfiniteTimeSpan);
        }
        // Time that moved meanwhile would make the timer late by as much.
        while (_time.GetElapsedTime(started) != now);
        _signal.WaitOne();
    }
}

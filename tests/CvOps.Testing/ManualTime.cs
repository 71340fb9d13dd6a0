namespace CvOps.Testing;

/// <summary>
/// Time that moves when the test says so. Timers (also those of <c>Task.Delay</c> and <c>PeriodicTimer</c>) fire inside <see cref="Advance"/>,
/// on its thread, in the order they are due; a timer's callback sees the time it was due at.
/// </summary>
public sealed class ManualTime(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Timers that will fire if time moves on.</summary>
    public int PendingTimers
    {
        get { lock (_lock) return _timers.Count; }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _now;
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Moves on, firing on the way every timer that is due.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        DateTimeOffset target;
        lock (_lock) target = _now + by;
        while (true)
        {
            ManualTimer? due;
            lock (_lock)
            {
                due = _timers.Where(timer => timer.Due <= target).MinBy(timer => (timer.Due, timer.Order));
                if (due is null)
                {
                    _now = target;
                    return;
                }
                if (due.Due > _now) _now = due.Due;
                if (due.Period > TimeSpan.Zero) due.Due += due.Period;
                else _timers.Remove(due);
            }
            due.Fire();
        }
    }

    /// <summary>Waits until code under test has set at least so many timers, so that <see cref="Advance"/> does not run ahead of it.</summary>
    public Task UntilTimersAsync(int count, CancellationToken cancellationToken = default) =>
        Eventually.Async(() => PendingTimers >= count, TimeSpan.FromSeconds(10), () => $"{PendingTimers} pending timers, {count} wanted", cancellationToken);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private bool Schedule(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
            if (timer.Disposed) return false;
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            timer.Due = _now + dueTime;
            timer.Period = period == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : period;
            timer.Order = _order++;
            _timers.Add(timer);
        }
        // The real timer would fire on its own; time that stands still must not hold back what is due at once.
        if (dueTime == TimeSpan.Zero) Advance(TimeSpan.Zero);
        return true;
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; set; }

        public TimeSpan Period { get; set; }

        public long Order { get; set; }

        public bool Disposed { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => time.Schedule(this, dueTime, period);

        public void Dispose()
        {
            Disposed = true;
            time.Schedule(this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

namespace CvOps.Agent.Sampling;

/// <summary>A moment on several clocks at once.</summary>
/// <param name="Seconds">The budget's own.</param>
/// <param name="Boot">The kernel's name of the boot.</param>
/// <param name="Monotonic">Seconds on the clock of <see cref="TimeProvider.GetTimestamp"/>, which within a boot never jumps.</param>
/// <param name="Wall">Unix seconds.</param>
internal sealed record BudgetInstant(double Seconds, string Boot, double Monotonic, double Wall);

/// <summary>
/// Time as the budget counts it: it never goes back and, within a boot, goes on only as fast as time does, whatever is done to the wall clock. Over
/// a reboot the wall clock is all there is: it is believed as far as it is ahead of what it said before and of this clock, which began with it.
/// </summary>
internal sealed class BudgetClock
{
    private const string BootFile = "/proc/sys/kernel/random/boot_id";

    private readonly TimeProvider _time;
    private readonly string _boot;
    private readonly double _began;
    private readonly double _beganMonotonic;

    /// <param name="saved">When the ledger was last written; null on a first start.</param>
    /// <param name="boot">For tests; null asks the kernel.</param>
    public BudgetClock(TimeProvider time, BudgetInstant? saved, string? boot = null)
    {
        (_time, _boot) = (time, boot ?? (File.Exists(BootFile) ? File.ReadAllText(BootFile).Trim() : ""));
        _beganMonotonic = Monotonic();
        _began = saved is null ? Wall()
            : saved.Seconds + Math.Max(0, saved.Boot == _boot && _boot.Length > 0 ? _beganMonotonic - saved.Monotonic : Wall() - Math.Max(saved.Wall, saved.Seconds));
    }

    /// <summary>Seconds.</summary>
    public double Now => _began + Math.Max(0, Monotonic() - _beganMonotonic);

    public BudgetInstant Instant => new(Now, _boot, Monotonic(), Wall());

    private double Monotonic() => _time.GetTimestamp() / (double)_time.TimestampFrequency;

    private double Wall() => _time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
}

namespace CvOps.Agent.Sampling;

/// <summary>
/// What spending counts in a rolling period. Slots are ten seconds; of what is older than an hour an hour's slots are one, dated to its end. Both
/// round towards "spent later", so no rolling period ever sees more than its limit.
/// </summary>
internal static class SpendingRule
{
    public const int SlotSeconds = 10;
    public const long SlotsPerHour = 3600 / SlotSeconds;

    public static long SlotsOf(LimitPeriod period) => period switch
    {
        LimitPeriod.Minute => 60 / SlotSeconds,
        LimitPeriod.Hour => SlotsPerHour,
        _ => 24 * SlotsPerHour,
    };

    /// <summary>Whether something spent in a slot still counts: until all of the slot is longer ago than the period.</summary>
    public static bool Counts(long slot, long now, LimitPeriod period) => slot + SlotsOf(period) >= now;

    /// <summary>The slot that stands for its whole hour.</summary>
    public static long HourOf(long slot) => (slot / SlotsPerHour * SlotsPerHour) + SlotsPerHour - 1;

    /// <summary>Whether a limit speaks of what a frame would be.</summary>
    public static bool Applies(SamplingLimit limit, SamplingPurse purse) => limit.Of != LimitScope.Class || purse != SamplingPurse.Audit;

    /// <summary>Whether a limit counts an entry against a frame.</summary>
    public static bool Shares(SamplingLimit limit, BudgetEntry entry, string camera, string @class) => limit.Of switch
    {
        LimitScope.Camera => entry.Camera == camera,
        LimitScope.Class => entry.Class == @class && entry.Purse != SamplingPurse.Audit,
        _ => true,
    };
}

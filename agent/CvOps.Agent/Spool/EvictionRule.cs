using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Spool;

/// <summary>What one class takes of the disk.</summary>
/// <param name="Any">Whether it has anything to give up.</param>
/// <param name="OldestExpired">Whether nothing in its oldest segment is worth sending.</param>
internal readonly record struct ClassUse(long Bytes, long BudgetBytes, bool Any, bool OldestExpired);

/// <summary>
/// Whose oldest messages go when there is no room. Within a class always the oldest, whatever they score: frames given up by their score would make
/// every estimate from the rest wrong, since the probability with which a frame was kept would no longer be the one that it carries. Pure.
/// </summary>
internal static class EvictionRule
{
    /// <param name="classes">The most valuable first.</param>
    /// <param name="budgetBytes">Of all together.</param>
    /// <returns>Index of the class whose oldest segment goes, and why; -1 when there is room.</returns>
    public static (int Class, SpoolLossReason Reason) Next(ReadOnlySpan<ClassUse> classes, long budgetBytes)
    {
        var bytes = 0L;
        // A class that is over its own budget pays for that itself.
        for (var index = classes.Length - 1; index >= 0; index--)
        {
            bytes += classes[index].Bytes;
            if (classes[index] is { Any: true } use && use.Bytes > use.BudgetBytes) return (index, use.OldestExpired ? SpoolLossReason.Expired : SpoolLossReason.Budget);
        }
        return bytes > budgetBytes ? Cheapest(classes) : (-1, default);
    }

    /// <summary>What goes first: the expired, then the oldest of the least valuable; -1 when nothing is left.</summary>
    public static (int Class, SpoolLossReason Reason) Cheapest(ReadOnlySpan<ClassUse> classes)
    {
        for (var index = classes.Length - 1; index >= 0; index--)
        {
            if (classes[index] is { Any: true, OldestExpired: true }) return (index, SpoolLossReason.Expired);
        }
        for (var index = classes.Length - 1; index >= 0; index--)
        {
            if (classes[index].Any) return (index, SpoolLossReason.Budget);
        }
        return (-1, default);
    }
}

using CvOps.Contracts.Telemetry;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Spool;

/// <summary>Keeps the classes' logs within their budgets and the disk. Called by the writer alone.</summary>
/// <param name="stores">The most valuable first.</param>
internal sealed partial class SpoolBudget(IReadOnlyList<SpoolStore> stores, long budgetBytes, SpoolLosses losses, ILogger logger)
{
    /// <summary>Gives up what is over a budget.</summary>
    /// <exception cref="IOException">The disk can't be read or changed.</exception>
    public void Keep()
    {
        if (!IsOver()) return;
        foreach (var store in stores) store.DropAcknowledged();
        Span<ClassUse> use = stackalloc ClassUse[stores.Count];
        while (IsOver())
        {
            Look(use);
            var (found, reason) = EvictionRule.Next(use, budgetBytes);
            if (found < 0) return;
            Evict(stores[found], reason);
        }
    }

    /// <summary>For a disk that is full before the budget is: gives up one segment, of a class no more valuable than the one that needs the room.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="IOException">The disk can't be read or changed.</exception>
    public bool MakeRoom(SpoolClass wanted)
    {
        var dropped = false;
        foreach (var store in stores) dropped |= store.DropAcknowledged();
        if (dropped) return true;
        Span<ClassUse> use = stackalloc ClassUse[stores.Count];
        Look(use);
        for (var index = 0; index < use.Length && stores[index].Class != wanted; index++)
        {
            if (!use[index].OldestExpired) use[index] = default;
        }
        var (found, reason) = EvictionRule.Cheapest(use);
        if (found < 0) return false;
        Evict(stores[found], reason);
        return true;
    }

    private bool IsOver()
    {
        var bytes = 0L;
        for (var index = 0; index < stores.Count; index++)
        {
            if (stores[index].Bytes > stores[index].Limits.BudgetBytes) return true;
            bytes += stores[index].Bytes;
        }
        return bytes > budgetBytes;
    }

    private void Look(Span<ClassUse> use)
    {
        for (var index = 0; index < use.Length; index++)
            use[index] = new ClassUse(stores[index].Bytes, stores[index].Limits.BudgetBytes, stores[index].HasSegments, stores[index].OldestExpired);
    }

    private void Evict(SpoolStore store, SpoolLossReason reason)
    {
        var (messages, expired) = store.Evict(losses);
        if (messages == 0) return;
        if (reason == SpoolLossReason.Expired) Log.Expired(logger, SpoolClasses.Name(store.Class), messages);
        else Log.Evicted(logger, SpoolClasses.Name(store.Class), messages, messages - expired, expired);
    }

    private static partial class Log
    {
        [LoggerMessage(2012, LogLevel.Warning, "There is no room in the spool: the oldest {Messages} messages of class {Class} were given up, {Budget} still worth sending and {Expired} past their time")]
        public static partial void Evicted(ILogger logger, string @class, long messages, long budget, long expired);

        [LoggerMessage(2013, LogLevel.Warning, "There is no room in the spool: {Messages} messages of class {Class} were past their time and were given up")]
        public static partial void Expired(ILogger logger, string @class, long messages);
    }
}

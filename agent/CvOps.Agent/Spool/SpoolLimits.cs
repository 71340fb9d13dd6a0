namespace CvOps.Agent.Spool;

/// <param name="BudgetBytes">Most it takes of the disk.</param>
/// <param name="TimeToLive">Zero: no limit.</param>
/// <param name="Share">Its part of the link in bytes, against the shares of the others that wait.</param>
internal sealed record ClassLimits(SpoolClass Class, long BudgetBytes, TimeSpan TimeToLive, int Share);

/// <summary>What the spool may take, as a whole and by class; the classes in the order of <see cref="SpoolClass"/>.</summary>
internal sealed record SpoolLimits(long BudgetBytes, IReadOnlyList<ClassLimits> Classes)
{
    private const long Megabyte = 1 << 20;

    /// <param name="budgetBytes">Of the whole; the classes have their defaults.</param>
    public static SpoolLimits Of(long budgetBytes) => Of(budgetBytes, new SpoolOptions());

    public static SpoolLimits Of(SpoolOptions options) => Of(options.BudgetMegabytes * Megabyte, options);

    private static SpoolLimits Of(long budget, SpoolOptions options) => new(budget,
    [
        // Drained and done with: before anything else that is not as small as control.
        new ClassLimits(SpoolClass.Earlier, budget, TimeSpan.Zero, 8),
        // Hours-old health tells nobody anything, and it is small.
        Class(SpoolClass.Control, options.Control, budget / 16, TimeSpan.FromDays(1), 16),
        Class(SpoolClass.Results, options.Results, budget, TimeSpan.Zero, 8),
        Class(SpoolClass.Evidence, options.Evidence, budget / 8, TimeSpan.FromDays(30), 2),
        // Half: pictures fill whatever they get, and an outage that begins with a spool full of them would evict for every result.
        Class(SpoolClass.Frames, options.Frames, budget / 2, TimeSpan.FromDays(30), 1),
    ]);

    private static ClassLimits Class(SpoolClass of, SpoolClassOptions options, long budget, TimeSpan timeToLive, int share) => new(
        of, options.BudgetMegabytes * Megabyte ?? budget, options.TimeToLiveHours is { } hours ? TimeSpan.FromHours(hours) : timeToLive, options.Share ?? share);
}

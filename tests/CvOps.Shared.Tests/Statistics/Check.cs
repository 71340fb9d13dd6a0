using FsCheck;
using FsCheck.Fluent;

namespace CvOps.Shared.Tests.Statistics;

/// <summary>Properties that throw when they fail, and what they are asked about.</summary>
internal static class Check
{
    /// <summary>Two rows of 2 to 12 counts of the same length, each with something counted.</summary>
    public static Gen<(long[] P, long[] Q)> Pairs { get; } =
        from bins in Gen.Choose(2, 12)
        from p in Counts(bins)
        from q in Counts(bins)
        select (p, q);

    public static void Property<T>(Gen<T> values, Func<T, bool> holds, int tests = 100) =>
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(tests).WithQuietOnSuccess(true), Prop.ForAll(values.ToArbitrary(), holds));

    private static Gen<long[]> Counts(int bins) =>
        from counts in Gen.Choose(0, 1000).ArrayOf(bins)
        from somewhere in Gen.Choose(0, bins - 1)
        select counts.Select((c, i) => (long)c + (i == somewhere ? 1 : 0)).ToArray();
}

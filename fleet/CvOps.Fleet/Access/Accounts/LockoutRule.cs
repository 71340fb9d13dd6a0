namespace CvOps.Fleet.Access.Accounts;

/// <summary>How long an account takes no password after wrong ones. Pure.</summary>
internal static class LockoutRule
{
    /// <summary>Typing mistakes.</summary>
    public const int Free = 5;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Most = TimeSpan.FromHours(1);

    /// <param name="failures">In a row, the newest included.</param>
    /// <returns>Nothing for the first few, then half a minute that doubles with each, up to an hour.</returns>
    public static TimeSpan After(int failures) => failures < Free ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(First.TotalSeconds * Math.Pow(2, failures - Free), Most.TotalSeconds));
}

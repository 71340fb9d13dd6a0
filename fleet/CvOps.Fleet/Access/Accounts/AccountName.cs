namespace CvOps.Fleet.Access.Accounts;

/// <summary>How accounts may be called: as people write it, without what a log or an address would have to escape.</summary>
internal static class AccountName
{
    public const string Rule = "A name has 1 to 64 letters, digits and . _ - @ +, and is none of the fleet's own.";
    private const int Most = 64;

    // They stand in the audit log for parts of the fleet, or for nobody in particular.
    private static readonly HashSet<string> Own = ["api", "cvops", "dashboard", "enrolment", "fleet", "local", "mlflow", "retraining", "rollout", "training"];

    /// <returns>The name as it is kept; null when it cannot be one.</returns>
    public static string? Read(string? given)
    {
        var name = (given ?? "").Trim().Normalize().ToLowerInvariant();
        return name.Length is 0 or > Most || Own.Contains(name) || !name.All(letter => char.IsLetterOrDigit(letter) || letter is '.' or '_' or '-' or '@' or '+') ? null : name;
    }
}

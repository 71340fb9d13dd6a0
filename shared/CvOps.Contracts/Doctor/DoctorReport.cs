namespace CvOps.Contracts.Doctor;

/// <summary>How much a finding matters.</summary>
public enum CheckLevel
{
    Ok,

    /// <summary>It works, and will not for long, or not as well as it could.</summary>
    Warn,

    /// <summary>It does not work.</summary>
    Fail,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Check">What, in a word or two; the same from one look to the next.</param>
/// <param name="Found">What was found, in a sentence without its full stop.</param>
/// <param name="Mend">With which command or setting it is put right, in a sentence; null when there is nothing to do.</param>
public sealed record DoctorFinding(string Check, CheckLevel Level, string Found, string? Mend = null)
{
    public static DoctorFinding Ok(string check, string found) => new(check, CheckLevel.Ok, found);

    public static DoctorFinding Warn(string check, string found, string mend) => new(check, CheckLevel.Warn, found, mend);

    public static DoctorFinding Fail(string check, string found, string mend) => new(check, CheckLevel.Fail, found, mend);
}

/// <summary>What <c>doctor</c> found, in the order in which it looked.</summary>
public sealed record DoctorReport(DateTimeOffset At, IReadOnlyList<DoctorFinding> Findings)
{
    /// <summary>Whether nothing fails; warnings do not count.</summary>
    public bool Healthy => Findings.All(finding => finding.Level != CheckLevel.Fail);
}

using System.Globalization;
using System.Text;

namespace CvOps.Contracts.Doctor;

/// <summary>Findings as lines for people. Pure.</summary>
public static class DoctorText
{
    /// <returns>One line, two when there is something to mend; without a line end.</returns>
    /// <param name="width">Of the widest check's name.</param>
    public static string Line(DoctorFinding finding, int width)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{finding.Level.ToString().ToLowerInvariant(),-4}  {finding.Check.PadRight(width)}  {finding.Found}");
        return finding.Mend is { } mend ? $"{line}\n      mend: {mend}" : line;
    }

    /// <returns>Every finding, and how many fail and warn at the end.</returns>
    public static string Of(DoctorReport report)
    {
        var width = report.Findings.Select(finding => finding.Check.Length).DefaultIfEmpty().Max();
        var text = new StringBuilder();
        foreach (var finding in report.Findings) text.Append(Line(finding, width)).Append('\n');
        var (fail, warn) = (report.Findings.Count(finding => finding.Level == CheckLevel.Fail), report.Findings.Count(finding => finding.Level == CheckLevel.Warn));
        return text.Append((fail, warn) switch
        {
            (0, 0) => "All is well.",
            (0, _) => $"Nothing fails; {warn} to look at.",
            _ => $"{fail} {(fail == 1 ? "fails" : "fail")}, {warn} to look at.",
        }).Append('\n').ToString();
    }
}

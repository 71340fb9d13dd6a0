using System.CommandLine;
using System.Globalization;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops dataset check</c>: what is wrong with pictures and labels.</summary>
internal static class DatasetCheckCommand
{
    public static Command Create(FleetCommand on)
    {
        var digest = new Argument<string?>("snapshot") { Description = $"{SnapshotReference.Help} Without it all frames.", Arity = ArgumentArity.ZeroOrOne };
        var kind = new Option<QualityKind?>("--kind") { Description = "Show findings of this kind alone." };
        var limit = new Option<int>("--limit") { Description = "Findings that are shown.", DefaultValueFactory = _ => 50 };
        return on.On(new Command("check", "Look for corrupt pictures, duplicates, wrong labels, leakage between splits and what hurts accuracy; the page Data quality shows the pictures.") { digest, kind, limit }, async (parsed, fleet, screen, ct) =>
        {
            var dataset = parsed.GetValue(digest) is { } named ? $"dataset={await SnapshotReference.Digest(fleet, named, ct)}" : "";
            QualityLine? last = null;
            await foreach (var line in fleet.PostLines<QualityLine>($"quality/check?{dataset}", new ByteArrayContent([]), ct))
            {
                last = line;
                if (line is { Report: null, Problem: null }) Progress.Show(line.Of > 0 ? $"{line.Stage} {line.Done:N0} of {line.Of:N0}" : line.Stage);
            }
            Progress.End();
            if (last?.Report is not { } report) throw new CliException(last?.Problem ?? "The fleet ended the check without a report; its log says why.");
            var filter = parsed.GetValue(kind) is { } wanted ? $"&kind={wanted}" : "";
            var page = await fleet.Get<FindingPage>(string.Create(CultureInfo.InvariantCulture, $"quality/findings?{dataset}{filter}&limit={parsed.GetValue(limit)}"), ct);
            Show(screen, report, page);
        });
    }

    /// <summary>A person's word on a finding.</summary>
    public static Command Decide(FleetCommand on)
    {
        var id = new Argument<string>("finding") { Description = "Its id, as 'cvops dataset check' shows it." };
        var open = new Option<bool>("--reopen") { Description = "Take that back: the finding is open again." };
        return on.On(new Command("accept", "Leave a finding as it is: the check does not ask about it again.") { id, open }, async (parsed, fleet, screen, ct) =>
        {
            var finding = await fleet.Put<QualityDecision, QualityFinding>($"quality/findings/{Uri.EscapeDataString(parsed.GetValue(id)!)}", new QualityDecision(Environment.UserName, !parsed.GetValue(open)), ct);
            screen.One(finding, ("finding", finding.Id), ("what", finding.What), ("state", finding.Accepted is { } accepted ? $"accepted {accepted.At:u} by {accepted.By}" : "open"));
        });
    }

    private static void Show(Screen screen, QualityReport report, FindingPage page)
    {
        screen.Line(string.Join('\n', new[]
        {
            $"{report.Dataset ?? "all frames"}: {report.Frames:N0} frames, {report.Labelled:N0} with a label",
            report.Kinds.Count == 0 ? null : string.Join(", ", report.Kinds.Select(count => $"{count.Kind} {count.Open}{(count.Accepted > 0 ? $" (+{count.Accepted} accepted)" : "")}")),
            report.Slices?.Kinds.Where(slice => slice.Hurts).Select(slice => slice.Kind).ToArray() is { Length: > 0 } kinds ? $"accuracy depends on {string.Join(", ", kinds)}" : null,
        }.Concat(report.Notes).OfType<string>()));
        screen.Page(page, page.Findings, "Nothing was found.", ("finding", finding => finding.Id), ("kind", finding => $"{finding.Kind}"), ("level", finding => $"{finding.Level}"), ("what", finding => finding.What), ("do", finding => finding.Do));
        if (page.Next is not null) screen.Line("More: --limit, or the page Data quality.");
    }
}

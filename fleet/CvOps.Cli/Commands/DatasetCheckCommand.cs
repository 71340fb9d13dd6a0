using System.CommandLine;
using System.Globalization;
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
                if (line is { Report: null, Problem: null }) DatasetFormatCommands.Progress(line.Of > 0 ? $"{line.Stage} {line.Done:N0} of {line.Of:N0}" : line.Stage);
            }
            DatasetFormatCommands.ProgressEnds();
            if (last?.Report is not { } report) throw new CliException(last?.Problem ?? "The fleet ended the check without a report; its log says why.");
            var filter = parsed.GetValue(kind) is { } wanted ? $"&kind={wanted}" : "";
            var page = await fleet.Get<FindingPage>(string.Create(CultureInfo.InvariantCulture, $"quality/findings?{dataset}{filter}&limit={parsed.GetValue(limit)}"), ct);
            Show(screen, report, page);
        });
    }

    private static void Show(Output.Screen screen, QualityReport report, FindingPage page)
    {
        screen.Line(string.Join('\n', new[]
        {
            $"{report.Dataset ?? "all frames"}: {report.Frames:N0} frames, {report.Labelled:N0} with a label",
            report.Kinds.Count == 0 ? null : string.Join(", ", report.Kinds.Select(count => $"{count.Kind} {count.Open}{(count.Accepted > 0 ? $" (+{count.Accepted} accepted)" : "")}")),
            report.Slices?.Kinds.Where(slice => slice.Hurts).Select(slice => slice.Kind).ToArray() is { Length: > 0 } kinds ? $"accuracy depends on {string.Join(", ", kinds)}" : null,
        }.Concat(report.Notes).OfType<string>()));
        screen.Page(page, page.Findings, "Nothing was found.", ("kind", finding => $"{finding.Kind}"), ("level", finding => $"{finding.Level}"), ("what", finding => finding.What), ("do", finding => finding.Do));
        if (page.Next is not null) screen.Line("More: --limit, or the page Data quality.");
    }
}

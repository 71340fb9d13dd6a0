using System.CommandLine;
using System.Globalization;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops dataset import</c> and <c>export</c>: datasets in the formats of other programs.</summary>
internal static class DatasetFormatCommands
{
    private const string Formats = "coco, yolo, voc, cvat, labelstudio, folders or csv";

    public static Command Import(FleetCommand on)
    {
        var source = new Argument<FileSystemInfo>("source") { Description = "A zip, a folder, or the one file of a format (COCO, CVAT, Label Studio, CSV) whose pictures are here already." };
        source.AcceptExistingOnly();
        var format = new Option<string>("--format") { Description = $"auto, {Formats}.", DefaultValueFactory = _ => "auto" };
        var use = new Option<FrameUse?>("--use") { Description = "training or golden, for all pictures; without it, as the files say." };
        var relabel = new Option<bool>("--relabel") { Description = "Frames that are here take the label that the files give them." };
        var dry = new Option<bool>("--dry-run") { Description = "Look at everything, write nothing." };
        var attributes = new Option<string?>("--attributes") { Description = "Columns of a CSV that say something of the picture, such as exposure,lot: slices are made of them." };
        return on.On(new Command("import", "Bring pictures and labels in: all of them, or none and a list of what is wrong.") { source, format, use, relabel, attributes, dry }, async (parsed, fleet, screen, ct) =>
        {
            var query = $"frames/import?format={Uri.EscapeDataString(parsed.GetValue(format)!)}&relabel={parsed.GetValue(relabel)}&dryRun={parsed.GetValue(dry)}&by={Uri.EscapeDataString(Environment.UserName)}"
                + (parsed.GetValue(use) is { } wanted ? $"&use={wanted}" : "") + (parsed.GetValue(attributes) is { } columns ? $"&attributes={Uri.EscapeDataString(columns)}" : "");
            ImportReport? report = null;
            using var upload = new UploadContent(parsed.GetValue(source)!, bytes => Progress.Show($"sending {bytes / 1e6:N0} MB"));
            await foreach (var line in fleet.PostLines<ImportLine>(query, upload, ct))
            {
                if (line.Report is { } done) report = done;
                else Progress.Show(line.Of > 0 ? $"{line.Stage} {line.Done:N0} of {line.Of:N0}" : line.Stage == "receiving" ? $"{line.Stage} {line.Done / 1e6:N0} MB" : $"{line.Stage} {line.Done:N0} pictures");
            }
            Progress.End();
            Show(screen, report ?? throw new CliException("The fleet ended the import without a report; its log says why. Nothing was written, or all of it: 'cvops audit' says which."), parsed.GetValue(dry));
        });
    }

    public static Command Export(FleetCommand on)
    {
        var digest = new Argument<string>("snapshot") { Description = SnapshotReference.Help };
        var format = new Option<string>("--format") { Description = $"{Formats}.", Required = true };
        var target = new Option<FileInfo>("--out") { Description = "Where the zip goes, or the one file without images.", Required = true };
        var use = new Option<string>("--use") { Description = "training, golden or all. Nobody should train on golden frames.", DefaultValueFactory = _ => "training" };
        var bare = new Option<bool>("--no-images") { Description = "Labels alone." };
        return on.On(new Command("export", "Write a snapshot in a format of other programs, and say what it has no room for.") { digest, format, target, use, bare }, async (parsed, fleet, screen, ct) =>
        {
            var query = $"format={Uri.EscapeDataString(parsed.GetValue(format)!)}&use={Uri.EscapeDataString(parsed.GetValue(use)!)}";
            var address = $"datasets/{await SnapshotReference.Digest(fleet, parsed.GetValue(digest)!, ct)}/export";
            var check = await fleet.Get<ExportCheck>($"{address}/check?{query}", ct);
            var file = parsed.GetValue(target)!;
            var part = file.FullName + ".part";
            try
            {
                await using (var stream = new CountingStream(File.Create(part), bytes => Progress.Show(parsed.GetValue(bare) ? $"{bytes / 1e6:N1} MB" : $"{bytes / 1e6:N0} MB of about {check.ImageBytes / 1e6:N0} MB")))
                    await fleet.Download($"{address}?{query}&images={!parsed.GetValue(bare)}", stream, ct);
                // Under its name when it is whole.
                File.Move(part, file.FullName, overwrite: true);
            }
            finally
            {
                Progress.End();
                File.Delete(part);
            }
            screen.One(check, ("file", file.FullName), ("pictures", $"{check.Frames:N0}"), ("classes", Counts(check.Classes)), ("findings", Words(check.Findings, check.Findings.Count)));
        });
    }

    private static void Show(Screen screen, ImportReport report, bool dry)
    {
        screen.One(report,
            ("format", report.Format?.ToString()), ("pictures", $"{report.Pictures:N0}: {report.Added:N0} new, {report.Relabelled:N0} with another label, {report.Unchanged:N0} as they were"),
            ("classes", Counts(report.Classes)), ("findings", Words(report.Findings, report.Errors + report.Warnings)),
            ("written", report.Written ? "yes" : dry && report.Errors == 0 ? "no: this was a trial" : "no: nothing was written"));
        if (report.Errors > 0) throw new CliException(string.Create(CultureInfo.InvariantCulture, $"The import was refused: {report.Errors} errors."), ExitCodes.Configuration);
    }

    private static string? Counts(IReadOnlyDictionary<string, int> classes) => classes.Count == 0 ? null : string.Join(' ', classes.Select(pair => $"{pair.Key}:{pair.Value}"));

    private static string? Words(IReadOnlyList<FormatFinding> findings, int all) => findings.Count == 0 ? null
        : string.Join('\n', findings.Select(finding => $"{finding.Level}: {finding.Where}: {finding.What} {finding.Do}")) + (all > findings.Count ? $"\n... and {all - findings.Count} more" : "");
}

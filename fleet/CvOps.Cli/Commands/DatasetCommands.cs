using System.CommandLine;
using System.Globalization;
using System.Net.Http.Json;
using CvOps.Cli.Output;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops dataset</c>: snapshots, what is in them and how two differ.</summary>
internal static class DatasetCommands
{
    public static Command Create(FleetCommand on)
    {
        var datasets = new Command("dataset", "Dataset snapshots: labelled frames, frozen under the hash of what they hold.");
        datasets.Add(on.Watched(new Command("list", "Every snapshot, newest first."), ["frame"], async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<DatasetView[]>("datasets", ct), "No snapshot yet: 'cvops dataset snapshot NAME' freezes the labels there are.", Columns)));
        datasets.Add(Snapshot(on));
        datasets.Add(Show(on));
        datasets.Add(Diff(on));
        datasets.Add(LineageCommand.Create(on));
        datasets.Add(SynthesizeCommand.Create(on));
        datasets.Add(DatasetFormatCommands.Import(on));
        datasets.Add(DatasetFormatCommands.Export(on));
        datasets.Add(DatasetCheckCommand.Create(on));
        datasets.Add(DatasetCheckCommand.Decide(on));
        return datasets;
    }

    /// <summary>What became of something long, told line by line.</summary>
    public static async Task<DatasetLine> FollowAsync(IAsyncEnumerable<DatasetLine> lines)
    {
        DatasetLine? last = null;
        await foreach (var line in lines)
        {
            last = line;
            Progress.Show(line.Of > 0 ? $"{line.Stage} {line.Done:N0} of {line.Of:N0}" : line.Stage);
        }
        Progress.End();
        if (last?.Problem is { } problem) throw new CliException(problem);
        return last is { Stage: "done" } ? last : throw new CliException("The fleet ended without saying what became of it; its log says why, and 'cvops audit' whether it was done.");
    }

    private static Command Snapshot(FleetCommand on)
    {
        var usual = new SnapshotRequest("", "");
        var name = new Argument<string>("name");
        var device = new Option<string?>("--device") { Description = "Frames of this device alone." };
        var camera = new Option<string?>("--camera") { Description = "Frames of cameras of this name alone." };
        var where = new Option<string?>("--where") { Description = "Frames of devices with these labels alone, such as line=3,product in (m6,m8)." };
        var since = new Option<DateTimeOffset?>("--since") { Description = "Captured then or later." };
        var until = new Option<DateTimeOffset?>("--until") { Description = "Captured before." };
        var split = new Option<string?>("--split") { Description = "Shares of train, validation and test, such as 80,10,10. Without it everything but the golden set is for training." };
        var group = new Option<SplitBy>("--group-by") { Description = "What never lies in two splits: part (and burst, and picture), camera or device.", DefaultValueFactory = _ => usual.GroupBy };
        var burst = new Option<double>("--burst") { Description = "Seconds between two frames of a burst at most; 0 for no bursts.", DefaultValueFactory = _ => usual.BurstSeconds };
        var real = new Option<bool>("--no-synthetic") { Description = "Leave synthetic frames out." };
        return on.On(new Command("snapshot", "Freeze the labelled frames.") { name, device, camera, where, since, until, split, group, burst, real }, async (parsed, fleet, screen, ct) =>
        {
            var request = new SnapshotRequest(parsed.GetValue(name)!, Environment.UserName, parsed.GetValue(device) is { } id ? new DeviceId(id) : null, parsed.GetValue(since))
            {
                Camera = parsed.GetValue(camera) is { } one ? new CameraId(one) : null, Where = parsed.GetValue(where), Until = parsed.GetValue(until), Splits = Shares(parsed.GetValue(split)),
                GroupBy = parsed.GetValue(group), BurstSeconds = parsed.GetValue(burst), Synthetic = !parsed.GetValue(real),
            };
            var done = await FollowAsync(fleet.PostLines<DatasetLine>("datasets?stream=true", JsonContent.Create(request, ContractsJson.Default.SnapshotRequest), ct));
            screen.One(done.View!, [.. Fields(done.View!)]);
        });
    }

    private static Command Show(FleetCommand on)
    {
        var digest = new Argument<string>("snapshot") { Description = SnapshotReference.Help };
        var slice = new Option<string?>("--slice") { Description = "List frames of a slice, such as camera=line-1/top or line=3." };
        var split = new Option<string?>("--in") { Description = "List frames of train, validation, test or golden." };
        var name = new Option<string?>("--class") { Description = "List frames of this class." };
        var synthetic = new Option<bool?>("--synthetic") { Description = "List synthetic frames, or with false all others." };
        var limit = new Option<int>("--limit") { Description = "How many frames at most.", DefaultValueFactory = _ => 50 };
        return on.On(new Command("show", "A snapshot: splits, classes, slices, what stayed out; with an option its frames.") { digest, slice, split, name, synthetic, limit }, async (parsed, fleet, screen, ct) =>
        {
            var query = string.Concat(new[] { ("slice", parsed.GetValue(slice)), ("split", parsed.GetValue(split)), ("class", parsed.GetValue(name)), ("synthetic", parsed.GetValue(synthetic)?.ToString()) }
                .Where(pair => pair.Item2 is not null).Select(pair => $"&{pair.Item1}={Uri.EscapeDataString(pair.Item2!)}"));
            var page = await fleet.Get<DatasetDetail>($"datasets/{await SnapshotReference.Digest(fleet, parsed.GetValue(digest)!, ct)}?limit={parsed.GetValue(limit)}{query}", ct);
            if (query.Length > 0)
            {
                screen.Page(page, page.Entries, "No frame of the snapshot is like that.",
                    ("frame", entry => entry.FrameId), ("label", Label), ("split", SplitOf), ("part", entry => entry.Part ?? "-"), ("camera", entry => entry.Camera is null ? "-" : $"{entry.Device}/{entry.Camera}"),
                    ("made by", entry => entry.Synthetic is { } made ? $"{made.Kind}: {made.Recipe}" : "camera"));
                return;
            }
            screen.One(page, [.. Fields(page.View)]);
            if (page.View.Slices is { Count: > 0 } slices && !parsed.GetValue(on.Json))
                screen.Table(slices, "", ("slice", one => $"{one.Kind}={one.Value}"), ("frames", one => $"{one.Frames}"), ("by split", one => Counts(one.Splits)));
        });
    }

    private static Command Diff(FleetCommand on)
    {
        var from = new Argument<string>("from") { Description = $"The older snapshot. {SnapshotReference.Help}" };
        var to = new Argument<string>("to") { Description = "The newer one." };
        var kind = new Option<DatasetChangeKind?>("--only") { Description = "added, removed, relabelled, moved or redescribed." };
        var limit = new Option<int>("--limit") { Description = "How many changes to list; all are counted.", DefaultValueFactory = _ => 50 };
        return on.On(new Command("diff", "How two snapshots differ, frame by frame.") { from, to, kind, limit }, async (parsed, fleet, screen, ct) =>
        {
            var (older, newer) = (await SnapshotReference.Digest(fleet, parsed.GetValue(from)!, ct), await SnapshotReference.Digest(fleet, parsed.GetValue(to)!, ct));
            var diff = await fleet.Get<DatasetDiff>($"datasets/{older}/diff/{newer}?limit={parsed.GetValue(limit)}{(parsed.GetValue(kind) is { } only ? $"&kind={only}" : "")}", ct);
            screen.Line(string.Create(CultureInfo.InvariantCulture, $"{diff.Added} added, {diff.Removed} removed, {diff.Relabelled} relabelled, {diff.Moved} moved to another split or use, {diff.Redescribed} described otherwise, {diff.Unchanged} as they were"));
            screen.Page(diff, diff.Changes, "Nothing to list.", ("frame", change => change.FrameId), ("change", change => string.Join(", ", change.Kinds)),
                ("before", change => change.Before is { } entry ? $"{Label(entry)} ({SplitOf(entry)})" : "-"), ("after", change => change.After is { } entry ? $"{Label(entry)} ({SplitOf(entry)})" : "-"));
        });
    }

    /// <summary>Percent or shares, of train, validation and test in turn.</summary>
    private static SplitShares? Shares(string? text)
    {
        if (text is null) return null;
        double[] numbers = [.. text.Split(',').Select(part => double.TryParse(part.Trim().TrimEnd('%'), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN)];
        if (numbers.Length is < 2 or > 3 || numbers.Any(number => !(number >= 0)) || numbers.Sum() is not (> 99.9 and < 100.1 or > 0.999 and < 1.001))
            throw new CliException($"'{text}' are no shares: give those of train, validation and test, together 100, such as 80,10,10.", ExitCodes.Configuration);
        return new SplitShares(numbers[0] / numbers.Sum(), numbers[1] / numbers.Sum(), numbers.Length > 2 ? numbers[2] / numbers.Sum() : 0);
    }

    private static IEnumerable<(string, string?)> Fields(DatasetView view)
    {
        yield return ("digest", view.Digest);
        yield return ("name", $"{view.Name}, by {view.By} at {view.CreatedAt:u}");
        yield return ("frames", $"{view.Frames}{(view.Synthetic > 0 ? $", {view.Synthetic} of them synthetic" : "")}");
        yield return ("splits", view.Splits is { } splits ? $"{Counts(splits)}, drawn by {view.Request?.GroupBy.ToString().ToLowerInvariant()} from {view.Groups} groups" : $"golden:{view.Golden}");
        yield return ("classes", Counts(view.Classes));
        if (view.LeftOut is { Count: > 0 } left) yield return ("left out", string.Join('\n', left.Select(pair => $"{pair.Value}: {pair.Key}")));
    }

    private static string Counts(IReadOnlyDictionary<string, int> counts) => string.Join(' ', counts.Select(pair => $"{pair.Key}:{pair.Value}"));

    private static string Label(DatasetEntry entry) => string.Join(' ', new[]
    {
        entry.Class, entry.Verdict?.ToString().ToUpperInvariant(), entry.Boxes.Count > 0 ? $"{entry.Boxes.Count} boxes" : null, entry.Polygons is { Count: > 0 } polygons ? $"{polygons.Count} outlines" : null,
    }.OfType<string>().DefaultIfEmpty("nothing to see"));

    private static string SplitOf(DatasetEntry entry) => entry.Use == FrameUse.Golden ? "golden" : (entry.Split ?? DatasetSplit.Train).ToString().ToLowerInvariant();

    private static readonly (string, Func<DatasetView, string>)[] Columns =
    [
        ("digest", view => view.Digest[..12]), ("name", view => view.Name), ("frames", view => $"{view.Frames}"), ("golden", view => $"{view.Golden}"),
        ("classes", view => Counts(view.Classes)), ("at", view => $"{view.CreatedAt:u}"),
    ];
}

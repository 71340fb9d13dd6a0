using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;

namespace CvOps.Cli.Demo;

/// <summary>Compares a device's boxes with those of another implementation: the same classes, IoU at least 0.9, scores within 0.02.</summary>
internal sealed class DetectionComparison(FleetClient fleet, ILookup<long, Detection> reference)
{
    private const double LeastIou = 0.9;
    private const double LargestScoreDifference = 0.02;

    // A box whose score lies this close to the score cut may be on either side of it in two right implementations.
    private const double ScoreCut = 0.4;

    public async Task Check(DeviceId device, Figures figures, TimeSpan patience, CancellationToken ct)
    {
        var frames = reference.Select(group => group.Key).ToHashSet();
        var found = new Dictionary<long, IReadOnlyList<Detection>>();
        var cursor = 0L;
        await Figures.Until($"the inspections of {device}", patience, async () =>
        {
            var page = await fleet.Get<InspectionPage>($"inspections?device={device}&after={cursor}&limit=500", ct);
            cursor = page.Next;
            foreach (var row in page.Rows.Where(row => frames.Contains(row.Frame) && row.Connection == 1)) found.TryAdd(row.Frame, row.Detections ?? []);
            return found.Count == frames.Count ? found : null;
        }, () => $"{found.Count} of {frames.Count} frames", ct);

        double worstIou = 1, worstScore = 0;
        var boxes = 0;
        var problems = new List<string>();
        foreach (var frame in frames.Order())
        {
            var rest = found[frame].ToList();
            foreach (var expected in reference[frame])
            {
                var match = rest.Where(box => box.Class == expected.Class).MaxBy(box => Iou(box, expected));
                if (match is null || Iou(match, expected) < LeastIou)
                {
                    if (expected.Score > ScoreCut + LargestScoreDifference) problems.Add($"frame {frame}: {expected.Class} {expected.Score:0.00} has no box like it");
                    continue;
                }
                rest.Remove(match);
                boxes++;
                worstIou = Math.Min(worstIou, Iou(match, expected));
                worstScore = Math.Max(worstScore, Math.Abs(match.Score - expected.Score));
            }
            problems.AddRange(rest.Where(box => box.Score > ScoreCut + LargestScoreDifference).Select(box => $"frame {frame}: {box.Class} {box.Score:0.00} is one too many"));
        }
        figures.Say("boxes compared", $"{boxes} on {frames.Count} frames");
        figures.Say("least IoU", worstIou.ToString("0.000", CultureInfo.InvariantCulture));
        figures.Say("largest score difference", worstScore.ToString("0.0000", CultureInfo.InvariantCulture));
        Figures.Require(problems.Count == 0, $"{problems.Count} boxes differ: {string.Join("; ", problems.Take(3))}");
        Figures.Require(worstScore <= LargestScoreDifference, "a score differs by more than 0.02");
    }

    private static double Iou(Detection a, Detection b)
    {
        var width = Math.Min(a.X + a.Width, b.X + b.Width) - Math.Max(a.X, b.X);
        var height = Math.Min(a.Y + a.Height, b.Y + b.Height) - Math.Max(a.Y, b.Y);
        var shared = Math.Max(0, width) * Math.Max(0, height);
        return shared / ((a.Width * a.Height) + (b.Width * b.Height) - shared);
    }
}

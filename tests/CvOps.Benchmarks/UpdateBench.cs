using System.Diagnostics;
using System.Globalization;
using CvOps.Agent;
using CvOps.Agent.Update;
using CvOps.Contracts.Twin;

namespace CvOps.Benchmarks;

/// <summary>
/// Model updates beside a line that runs: live cameras at the pace that leaves 30 % of the path free, and update after update through the agent's own
/// update loop. Windows with an update and windows without take turns in the same run.
/// </summary>
internal static class UpdateBench
{
    private const double Load = 0.7;
    private const double CameraFps = 30;
    private const int Updates = 40;
    private static readonly UpdateOptions Options = new() { SoakFrames = 10, Soak = TimeSpan.Zero, SoakLatencyRatio = 1000 };

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        // As the agent does.
        MallocArenas.AddNoMore();
        List<Figure> figures = [];
        foreach (var model in BenchModel.All()) figures.AddRange(await SwapsAsync(model));
        return figures;
    }

    private static async Task<Figure[]> SwapsAsync(BenchModel model)
    {
        var most = await PaceAsync(model);
        // As many cameras of some 30 frames a second as the path carries, or one of fewer.
        var cameras = Math.Max(1, (int)Math.Round(Load * most / CameraFps));
        var period = TimeSpan.FromSeconds(cameras / (Load * most));
        await using var line = await UpdatedLine.StartAsync(model, Options, cameras, 4_000_000);
        DesiredModel[] versions = [.. Enumerable.Range(0, 3).Select(i => line.Publish(model.Onnx, model.Manifest with { Version = $"v{i}" }))];
        line.Feed(period);
        await Task.Delay(TimeSpan.FromSeconds(3));
        List<(long From, long To)> calm = [], swaps = [];
        Dictionary<UpdateState, List<double>> spent = [];
        for (var update = 0; update < Updates; update++)
        {
            var began = Stopwatch.GetTimestamp();
            var walked = await line.UpdateAsync(versions[update % versions.Length]);
            await Task.Delay(period * 4);
            var ended = Stopwatch.GetTimestamp();
            foreach (var (step, i) in walked.Select((step, i) => (step, i)).SkipLast(1))
            {
                if (!spent.TryGetValue(step.State, out var times)) spent[step.State] = times = [];
                times.Add(Stopwatch.GetElapsedTime(step.At, walked[i + 1].At).TotalMilliseconds);
            }
            await Task.Delay(Stopwatch.GetElapsedTime(began, ended));
            if (update < 2) continue;
            swaps.Add((began, ended));
            calm.Add((ended, Stopwatch.GetTimestamp()));
        }
        await line.StopFeedingAsync();
        var (lost, twice, disordered) = Count(line);
        var (steady, swapped) = (Gaps(line, calm), Gaps(line, swaps));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{model.Name}: {cameras} cameras, {Load * most:0} frames/s of at most {most:0}; median ms of {string.Join(", ", spent.Select(pair => $"{pair.Key} {Median(pair.Value):0}"))}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{model.Name}: ms between two results of a camera, p50 p99 p99.9 max: steady {Row(steady)}, in {swaps.Count} updates {Row(swapped)}"));
        return
        [
            Figure.AtMost($"frames lost in {Updates} updates, {model.Name}", lost, 0, "x"),
            Figure.AtMost($"frames inspected twice, {model.Name}", twice, 0, "every frame put in"),
            Figure.AtMost($"frames out of order, {model.Name}", disordered, 0, "every frame put in"),
            Figure.AtMost($"p99 between results, during updates / steady, {model.Name}", P(swapped, 0.99) / P(steady, 0.99), 1.5, "the same run without updates, taking turns"),
        ];
    }

    private static async Task<double> PaceAsync(BenchModel model)
    {
        await using var line = await UpdatedLine.StartAsync(model, Options, 1, 1);
        line.MostFramesPerSecond(TimeSpan.FromSeconds(2));
        return line.MostFramesPerSecond(TimeSpan.FromSeconds(5));
    }

    private static (long Lost, long Twice, long Disordered) Count(UpdatedLine line)
    {
        var (twice, disordered) = (0L, 0L);
        var seen = line.Lanes.Select(_ => new HashSet<long>()).ToArray();
        var last = new long[line.Lanes.Length];
        foreach (var result in line.Log.Results)
        {
            if (!seen[result.Camera].Add(result.Number)) twice++;
            else if (result.Number < last[result.Camera]) disordered++;
            last[result.Camera] = result.Number;
        }
        return (line.Put - seen.Sum(numbers => numbers.Count), twice, disordered);
    }

    /// <summary>Milliseconds between two results of a camera, of those that end in the windows, sorted.</summary>
    private static double[] Gaps(UpdatedLine line, List<(long From, long To)> windows)
    {
        List<double> gaps = [];
        var last = new long[line.Lanes.Length];
        var window = 0;
        foreach (var result in line.Log.Results)
        {
            while (window < windows.Count && result.At > windows[window].To) window++;
            if (window < windows.Count && result.At >= windows[window].From && last[result.Camera] > 0) gaps.Add(Stopwatch.GetElapsedTime(last[result.Camera], result.At).TotalMilliseconds);
            last[result.Camera] = result.At;
        }
        return [.. gaps.Order()];
    }

    private static double P(double[] sorted, double part) => sorted[(int)Math.Ceiling(part * sorted.Length) - 1];

    private static string Row(double[] sorted) => string.Create(CultureInfo.InvariantCulture, $"{P(sorted, 0.5):0.0} {P(sorted, 0.99):0.0} {P(sorted, 0.999):0.0} {sorted[^1]:0.0}");

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}

using System.Diagnostics;
using System.Globalization;
using CvOps.Agent;
using CvOps.Agent.Update;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// Model updates beside a line that runs: live cameras at the pace that leaves 30 % of the path free, and update after update through the agent's own
/// update loop. Windows with an update and windows without take turns in the same run.
/// </summary>
internal static class UpdateBench
{
    private const double Load = 0.7;
    private const double CameraFps = 30;
    private const int Updates = 60;
    private const int Rounds = 5;
    private const int WarmUpUpdates = 3;
    private const int FewUpdates = 10;
    private const int ManyUpdates = 1000;
    private const int Rollbacks = 20;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);
    private static readonly UpdateOptions Options = new() { ShadowFrames = 10, SoakFrames = 10, Soak = TimeSpan.Zero, SoakLatencyRatio = 1000, ShadowLimit = TimeSpan.FromSeconds(5) };

    /// <summary>Frames lost, the p99 gap between results, while models are swapped.</summary>
    public static Task<IReadOnlyList<Figure>> SwapsAsync() => OfEachModelAsync(SwapsAsync);

    /// <summary>From a failed run to the old model's answer and to the old model in charge.</summary>
    public static Task<IReadOnlyList<Figure>> RollbacksAsync() => OfEachModelAsync(RollbacksAsync);

    /// <summary>What a thousand updates leave behind.</summary>
    public static async Task<IReadOnlyList<Figure>> MemoryAsync()
    {
        NativeHeap.KeepSmall();
        using var ahead = new AheadOfOthers();
        return await ManyAsync(BenchModel.Line());
    }

    private static async Task<IReadOnlyList<Figure>> OfEachModelAsync(Func<BenchModel, Task<Figure[]>> run)
    {
        // As the agent does.
        NativeHeap.KeepSmall();
        using var ahead = new AheadOfOthers();
        List<Figure> figures = [];
        foreach (var model in BenchModel.All()) figures.AddRange(await run(model));
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
        var (lost, next) = ((Calm: 0L, Updates: 0L), 0);
        List<(long From, long To)> allCalm = [], allUpdates = [];
        List<double> ratios = [];
        Dictionary<UpdateState, List<double>> spent = [];
        Dictionary<UpdateState, long> lostIn = [];
        for (var round = 0; round <= Rounds; round++)
        {
            List<(long From, long To)> calm = [], updates = [];
            for (var update = 0; update < (round == 0 ? WarmUpUpdates : Updates / Rounds); update++)
            {
                var (began, before) = (Stopwatch.GetTimestamp(), line.Dropped);
                var walked = await line.UpdateAsync(versions[next++ % versions.Length]);
                await Task.Delay(period * 4);
                var (ended, between) = (Stopwatch.GetTimestamp(), line.Dropped);
                foreach (var (step, i) in walked.Select((step, i) => (step, i)).SkipLast(1))
                {
                    if (!spent.TryGetValue(step.State, out var times)) spent[step.State] = times = [];
                    if (round > 0) lostIn[step.State] = lostIn.GetValueOrDefault(step.State) + walked[i + 1].Dropped - step.Dropped;
                    times.Add(Stopwatch.GetElapsedTime(step.At, walked[i + 1].At).TotalMilliseconds);
                }
                await Task.Delay(Stopwatch.GetElapsedTime(began, ended));
                if (round == 0) continue;
                updates.Add((began, ended));
                calm.Add((ended, Stopwatch.GetTimestamp()));
                lost = (lost.Calm + line.Dropped - between, lost.Updates + between - before);
            }
            if (round == 0) continue;
            ratios.Add(P(Gaps(line, updates), 0.99) / P(Gaps(line, calm), 0.99));
            allCalm.AddRange(calm);
            allUpdates.AddRange(updates);
        }
        await line.StopFeedingAsync();
        var (missing, twice, disordered) = Count(line);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{model.Name}: {cameras} cameras, {Load * most:0} frames/s of at most {most:0}; median ms of {string.Join(", ", spent.Select(pair => $"{pair.Key} {Median(pair.Value):0}"))}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{model.Name}: ms between two results of a camera, p50 p99 p99.9 max: steady {Row(Gaps(line, allCalm))}, in {allUpdates.Count} updates {Row(Gaps(line, allUpdates))}; ratio of each round {string.Join(' ', ratios.Select(ratio => ratio.ToString("0.00", CultureInfo.InvariantCulture)))}"));
        Console.WriteLine($"{model.Name}: of {line.Put} frames {lost.Updates} lost during updates ({string.Join(", ", lostIn.Where(pair => pair.Value > 0).Select(pair => $"{pair.Key} {pair.Value}"))}), {lost.Calm} in as much time between them, {missing} in all");
        return
        [
            Figure.AtMost($"frames lost in {allUpdates.Count} updates, {model.Name}", lost.Updates, 0, $"{lost.Calm} in as much time without updates"),
            Figure.AtMost($"frames inspected twice, {model.Name}", twice, 0, "every frame put in"),
            Figure.AtMost($"frames out of order, {model.Name}", disordered, 0, "every frame put in"),
            Figure.AtMost($"p99 between results, during updates / steady, {model.Name}", Median(ratios), 1.5, $"the same run without updates, taking turns; median of {Rounds} rounds"),
        ];
    }

    /// <summary>
    /// New models that go wrong after the swap: one whose outputs are NaN for a picture it had not seen on trial. From the end of its failed run
    /// to the old model's result for that very frame, and until the old model is in charge.
    /// </summary>
    private static async Task<Figure[]> RollbacksAsync(BenchModel model)
    {
        var period = TimeSpan.FromSeconds(1 / (Load * await PaceAsync(model)));
        if (period < TimeSpan.FromSeconds(1 / CameraFps)) period = TimeSpan.FromSeconds(1 / CameraFps);
        await using var line = await UpdatedLine.StartAsync(model, Options with { SoakFrames = 100_000 }, 1, 4_000_000);
        line.Feed(period);
        List<double> answered = [], charge = [];
        var stumbled = 0;
        for (var i = 0; i < Rollbacks; i++)
        {
            line.Luma = 200;
            var bad = line.Publish(Brittle(model.Manifest.Classes.Count), model.Manifest with
            {
                Version = $"bad-{i}", Task = ModelTask.Classification, Input = new InputSpec { Name = "images", Width = 8, Height = 8 },
                Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"] },
            });
            await line.UpdateAsync(bad, UpdateState.Soaking);
            await Task.Delay(period * (3 + i % 3));
            var from = line.Log.Count;
            var back = line.WhenInChargeAsync(line.First);
            line.Luma = 20;
            await line.UntilAsync(UpdateState.RolledBack);
            var at = await back;
            var seen = line.Log.Results[from..].ToArray();
            var failed = seen.First(result => result.Failed);
            stumbled += seen.Count(result => result.Failed || result.Model == bad.Model.Digest && result.At > failed.At) - 1;
            answered.Add(failed.StandInMs / period.TotalMilliseconds);
            charge.Add(Math.Max(0, Stopwatch.GetElapsedTime(failed.At, at).TotalMilliseconds) / period.TotalMilliseconds);
        }
        await line.StopFeedingAsync();
        var (lost, twice, disordered) = Count(line);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{model.Name}: {Rollbacks} rollbacks at {period.TotalMilliseconds:0.0} ms a frame: the old model's answer for the failed frame after {Median(answered):0.00} periods (longest {answered.Max():0.00}), in charge after {Median(charge):0.000} (longest {charge.Max():0.000}); {stumbled} further frames met the bad model"));
        return
        [
            Figure.AtMost($"failed run to the old model's result, frame periods, {model.Name}", answered.Max(), 1, $"longest of {Rollbacks}; the failed frame itself is answered"),
            Figure.AtMost($"verdict to the old model in charge, frame periods, {model.Name}", charge.Max(), 1, $"longest of {Rollbacks}"),
            Figure.AtMost($"frames lost, twice or out of order in {Rollbacks} rollbacks, {model.Name}", lost + twice + disordered, 0, "every frame put in"),
        ];
    }

    /// <summary>What stays behind of many updates: the whole of each, with download, session, trial, swap and soak.</summary>
    private static async Task<Figure[]> ManyAsync(BenchModel model)
    {
        await using var line = await UpdatedLine.StartAsync(model, Options with { ShadowFrames = 3, SoakFrames = 3 }, 4, 1_000_000);
        DesiredModel[] versions = [.. Enumerable.Range(0, 3).Select(i => line.Publish(model.Onnx, model.Manifest with { Version = $"v{i}" }))];
        line.Feed(TimeSpan.FromSeconds(4 / 200.0));
        // A process grows in its first half minute whatever it does: code is compiled again, pools fill.
        await Task.Delay(WarmUp);
        Console.WriteLine($"before any update: {Settled()}");
        var (few, hundred, now, started) = (default(ProcessFootprint), default(ProcessFootprint), default(ProcessFootprint), Stopwatch.GetTimestamp());
        for (var update = 1; update <= ManyUpdates; update++)
        {
            await line.UpdateAsync(versions[update % versions.Length]);
            if (update % 100 != 0 && update is not (FewUpdates or 20 or 50)) continue;
            now = Settled();
            if (update == FewUpdates) few = now;
            if (update == 100) hundred = now;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"after {update} updates ({Stopwatch.GetElapsedTime(started).TotalSeconds:0} s): {now}"));
        }
        var many = now;
        await line.StopFeedingAsync();
        var (lost, twice, disordered) = Count(line);
        return
        [
            Figure.AtMost($"resident memory after {ManyUpdates} updates / after {FewUpdates}", many.Megabytes / few.Megabytes, 1.03, "the same process"),
            Figure.AtMost($"threads and files gained from the 100th update to the {ManyUpdates}th", many.Threads - hundred.Threads + many.Files - hundred.Files, 0, "the same process"),
            Figure.AtMost($"frames lost, twice or out of order in {ManyUpdates} updates", lost + twice + disordered, 0, "every frame put in"),
        ];
    }

    /// <summary>The second of two looks, each with a collection: after the first the runtime takes some megabytes back at once, updates or not.</summary>
    private static ProcessFootprint Settled()
    {
        ProcessFootprint.Now();
        return ProcessFootprint.Now();
    }

    /// <summary>Sound for light pictures, NaN for dark ones.</summary>
    private static byte[] Brittle(int classes)
    {
        var weights = new float[3 * classes];
        weights[0] = 1;
        return new TinyOnnx().Input("images", -1, 3, 8, 8).Constant("cut", [0.4f], 1).Constant("weights", weights, 3, classes)
            .Node("GlobalAveragePool", ["images"], "pooled").Node("Flatten", ["pooled"], "flat", ("axis", 1)).Node("Sub", ["flat", "cut"], "moved").Node("Log", ["moved"], "logs")
            .Node("MatMul", ["logs", "weights"], "logits").Output("logits", -1, classes).Build();
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

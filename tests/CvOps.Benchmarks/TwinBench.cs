using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Rollouts.Planning;
using CvOps.Plans.Selectors;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// A million twins in a process of their own: what it resides in, and drift of slices of a tenth. A slice is asked for as the API does it: selector, sums,
/// distances of all four covariates; the slowest of three ways to select a tenth counts.
/// </summary>
internal static class TwinBench
{
    public const string Process = "twins-process";

    private const int Devices = 1_000_000;
    private const int Rounds = 15;
    private const int Orders = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    // A tenth by plant, by line, and scattered over all.
    private static readonly string[] Tenths = [$"site in ({string.Join(',', Enumerable.Range(0, 20).Select(i => $"plant-{i * 10}"))})", "line in (3,17)", "cohort=4"];

    /// <summary>One process for both: the memory is looked at before the slices.</summary>
    private static readonly Lazy<Task<Dictionary<string, double>>> Said = new(RunProcessAsync);

    public static async Task<IReadOnlyList<Figure>> MemoryAsync()
    {
        var said = await Said.Value;
        return
        [
            Figure.AtMost("resident memory of 1,000,000 device twins, GiB", said["gib"], 2.0, "the limit; a process of its own, .NET included"),
            Figure.AtMost("100,000 twins in memory again after a start, s", await TwinRestart.SecondsAsync(), 3, "the limit; from the process's start on"),
        ];
    }

    public static async Task<IReadOnlyList<Figure>> SlicesAsync()
    {
        var said = await Said.Value;
        return
        [
            Figure.AtMost("drift of a 10 % slice of 1,000,000 devices, ms, median", said["ms"], 100, "the limit; PSI, JS, KS and W1 of 4 covariates, selector included"),
            Figure.AtMost("of 100 orders of merging, those with other bits", said["orders"], 0, "one device after another"),
        ];
    }

    /// <summary>What the process of its own does.</summary>
    public static int Run()
    {
        var began = Stopwatch.GetTimestamp();
        var store = TwinFleet.Fill(Devices);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{store.Count} twins applied twice in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s"));
        // The collector keeps what applying them took until somebody needs it; a fleet at rest gives it back as well.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Memory(store);
        Slices(store);
        return 0;
    }

    private static void Memory(TwinStore store)
    {
        var resident = Resident();
        // A look at a few says that they are really there.
        for (var device = 0; device < Devices; device += 10_007)
            if (store.View(new DeviceId(TwinFleet.Id(device))) is not { Desired.Model: not null, Reported: not null, Health.Cameras.Count: 1 }) throw new InvalidOperationException($"The twin of {TwinFleet.Id(device)} is not whole.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"gib={resident / (1024.0 * 1024 * 1024):0.0000}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{resident / (double)Devices:0} bytes a twin, of them {TwinFleet.Covariates * TwinFleet.Bins * 2} of histograms; a look that makes the API's view of one: {Look(store):0} us"));
    }

    private static double Look(TwinStore store)
    {
        const int Looks = 10_000;
        var began = Stopwatch.GetTimestamp();
        for (var look = 0; look < Looks; look++) store.View(new DeviceId(TwinFleet.Id(look * 97)));
        return Stopwatch.GetElapsedTime(began).TotalMicroseconds / Looks;
    }

    private static void Slices(TwinStore store)
    {
        var slowest = 0.0;
        foreach (var tenth in Tenths)
        {
            var times = new List<double>();
            var cpu = Environment.CpuUsage.TotalTime;
            var devices = 0;
            for (var round = -3; round < Rounds; round++)
            {
                var began = Stopwatch.GetTimestamp();
                var (counts, selected) = store.Sum(Select(store, tenth), DateTimeOffset.UnixEpoch);
                var answer = Measure(store, counts);
                if (round == -1) cpu = Environment.CpuUsage.TotalTime;
                if (round >= 0) times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                if (answer.Count < TwinFleet.Covariates) throw new InvalidOperationException("A slice has no answer.");
                devices = selected.Selected;
            }
            times.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tenth[..Math.Min(20, tenth.Length)]}: {devices} devices, median {times[Rounds / 2]:0.0} ms, slowest {times[^1]:0.0} ms, {(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / Rounds:0.0} ms of CPU"));
            slowest = Math.Max(slowest, times[Rounds / 2]);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ms={slowest:0.000}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"orders={Differing(store)}"));
    }

    /// <summary>The slice in forty parts (lines and cohorts), merged in orders of chance and in trees of chance, against the sum in one go.</summary>
    private static int Differing(TwinStore store)
    {
        var whole = Json(Measure(store, store.Sum(Select(store, "line in (3,17)"), DateTimeOffset.UnixEpoch).Counts));
        var parts = Enumerable.Range(0, 10).SelectMany(cohort => new[] { 3, 17 }.Select(line => string.Create(CultureInfo.InvariantCulture, $"line={line},cohort={cohort}"))).ToArray();
        var random = new Random(1);
        var differing = 0;
        for (var order = 0; order < Orders; order++)
        {
            random.Shuffle(parts);
            var sums = parts.Select(part => store.Sum(Select(store, part), DateTimeOffset.UnixEpoch).Counts).ToList();
            while (sums.Count > 1)
            {
                var at = random.Next(sums.Count - 1);
                sums[at].Merge(sums[at + 1]);
                sums.RemoveAt(at + 1);
            }
            if (Json(Measure(store, sums[0])) != whole) differing++;
        }
        return differing;
    }

    private static TwinSelection Select(TwinStore store, string selector) => store.Select(LabelSelector.Parse(selector), GroupMembership.None);

    private static List<SliceCovariate> Measure(TwinStore store, SliceCounts counts) =>
        [.. counts.Sums.Select(sum => SliceReader.Compare(store.Series[sum.Series - 1], [.. Enumerable.Range(1, TwinFleet.Bins).Select(bin => 1000L + bin)], sum.Counts, sum.Devices))];

    // Numbers in round-trip form: equal texts are equal bits.
    private static string Json(List<SliceCovariate> covariates) =>
        JsonSerializer.Serialize(new DriftSlice("", "", 0, 0, covariates, []), ContractsJson.Default.DriftSlice);

    private static long Resident()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static async Task<Dictionary<string, double>> RunProcessAsync()
    {
        await using var process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "CvOps.Benchmarks.dll"), [Process]);
        if (await process.WaitForExitAsync(Patience) != 0) throw new InvalidOperationException($"The process with the twins failed: {process.Output}");
        var said = new Dictionary<string, double>();
        foreach (var line in process.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split('=') is [var name, var text] && double.TryParse(text, CultureInfo.InvariantCulture, out var value)) said[name] = value;
            else Console.WriteLine(line);
        }
        return said;
    }
}

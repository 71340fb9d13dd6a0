using System.Diagnostics;
using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Frames.Search;
using CvOps.Fleet.Storage;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// Searches among 1,000,000 frames of 100 cameras on SQLite, one in a hundred of them labelled, and the label queue over those that wait. Each kind of search is asked several times and its median counts; kinds are
/// interleaved. Pages have 50 frames, their documents read.
/// </summary>
internal static class FrameSearchBench
{
    private const int Frames = 1_000_000;
    private const int Cameras = 100;
    private const int Together = 50_000;
    private const int Rounds = 7;
    private const int PageSize = 50;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Classes = ["ok", "scratch", "dent", "stain", "crack"];
    private static readonly string[] Rules = ["margin", "audit", "novelty", "entropy"];

    /// <summary>What people ask, from what fits everywhere to what fits nowhere.</summary>
    private static readonly (string What, FrameFilter Filter)[] Searches =
    [
        ("newest of all", new()),
        ("a camera of a hundred", new() { Device = "press-17" }),
        ("unsure scratches of a rule", new() { Prediction = "scratch", LeastConfidence = 0.4, MostConfidence = 0.5, Rule = "novelty" }),
        ("an hour of a camera", new() { Device = "press-17", Since = Start.AddHours(100), Until = Start.AddHours(101) }),
        ("a label's class", new() { Label = "crack" }),
        ("words of a label that one frame has", new() { Text = "number 990000" }),
        ("NG of an annotator", new() { Verdict = PartVerdict.Ng, By = "Ann" }),
        ("a part", new() { Part = "p-123456" }),
        ("common things that never meet", new() { Prediction = "dent", Rule = "audit", LeastConfidence = 0.2, MostInclusion = 0.001 }),
    ];

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        using var folder = new TestFolder();
        using var database = new SqliteDatabase(folder["fleet.db"]);
        var filled = await FillAsync(database);
        var queue = new LabelQueue(database);
        var times = Searches.ToDictionary(search => search.What, _ => new List<double>());
        var (waiting, found) = (new List<double>(), new Dictionary<string, int>());
        for (var round = 0; round <= Rounds; round++)
        {
            foreach (var (what, filter) in Searches)
            {
                var (page, taken) = await AskAsync(queue, new FrameQuery(filter, FrameOrder.Newest, null, PageSize));
                found[what] = page.Frames.Count;
                if (round > 0) times[what].Add(taken);
            }
            var (first, spent) = await AskAsync(queue, FrameQuery.Waiting(PageSize));
            if (first.Frames.Count < PageSize || first.Frames.Select(frame => frame.Device).Distinct().Count() < 2) throw new InvalidOperationException("The queue is not what it should be.");
            if (round > 0) waiting.Add(spent);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"frames: {Frames} written in {filled.TotalSeconds:0} s, {Frames / filled.TotalSeconds:0} a second with every index"));
        foreach (var (what, all) in times) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what}: {found[what]} frames on the page, {Median(all):0.0} ms"));
        return
        [
            Figure.AtMost("search of 1,000,000 frames by fields that occur, slowest of eight kinds, ms", times.SkipLast(1).Max(pair => Median(pair.Value)), 100, "100 ms a page of 50"),
            Figure.AtMost("search of 1,000,000 frames that nothing fits, ms", Median(times[Searches[^1].What]), 1000, "1 s: one walk over the narrow index"),
            Figure.AtMost("first page of the label queue, 990,000 frames of 100 cameras waiting, ms", Median(waiting), 100, "100 ms a page of 50"),
        ];
    }

    private static async Task<(FramePage Page, double Milliseconds)> AskAsync(LabelQueue queue, FrameQuery query)
    {
        var from = Stopwatch.GetTimestamp();
        var page = await queue.PageAsync(query, CancellationToken.None);
        return (page, Stopwatch.GetElapsedTime(from).TotalMilliseconds);
    }

    private static async Task<TimeSpan> FillAsync(Database database)
    {
        var random = new Random(8);
        var from = Stopwatch.GetTimestamp();
        for (var at = 0; at < Frames; at += Together)
        {
            FrameView[] frames = [.. Enumerable.Range(at, Together).Select(i => Frame(i, random))];
            await database.WriteAsync(connection => FrameTable.InsertAll(connection, frames, "bench", Start), CancellationToken.None);
        }
        return Stopwatch.GetElapsedTime(from);
    }

    private static FrameView Frame(int i, Random random)
    {
        var (said, confidence, labelled) = (Classes[i % 50 == 0 ? 1 + (i / 50 % 4) : 0], 0.4 + (0.6 * random.NextDouble()), i % 100 == 0);
        return new FrameView
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"frame-{i:0000000}"), Device = new DeviceId($"press-{i % Cameras}"), Camera = new CameraId("top"), Part = string.Create(CultureInfo.InvariantCulture, $"p-{i}"),
            Frame = i, CapturedAt = Start.AddSeconds(i), Model = new ModelRef("line", "1", new string('a', 64)), Prediction = new Prediction { Class = said, Confidence = confidence, Margin = (2 * confidence) - 1, Entropy = 0.3 },
            Reasons = [new SamplingReason(Rules[random.Next(Rules.Length)], 0.5)], InclusionProbability = 0.01 + (0.99 * random.NextDouble()), ImageDigest = string.Create(CultureInfo.InvariantCulture, $"{i:x64}"), Width = 640, Height = 480,
            State = labelled ? LabelState.Labelled : LabelState.Unlabelled, Use = FrameUse.Training,
            Label = labelled ? new FrameLabel(Classes[i / 100 % 5], [], i % 300 == 0 ? "Ann" : "Bea", Start, Verdict: i % 200 == 0 ? PartVerdict.Ng : PartVerdict.Ok, Note: $"number {i}") : null,
        };
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}

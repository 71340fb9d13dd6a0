using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Datasets.Formats;
using CvOps.Fleet.Datasets.Formats.Export;
using CvOps.Fleet.Datasets.Formats.Files;
using CvOps.Fleet.Datasets.Formats.Import;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;
using Microsoft.Extensions.Options;

namespace CvOps.Benchmarks;

/// <summary>
/// The labels of 100,000 pictures to COCO and YOLO and back, each way in a process of its own: from a snapshot and the frames' rows to a file on the disk, and
/// from such a file, every line looked at, to 100,000 labels committed in the database. The pictures themselves are not part of it.
/// </summary>
internal static class FormatBench
{
    public const string Process = "formats-process";

    private const int Pictures = 100_000;
    private const double Seconds = 10;
    private const double Megabytes = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly DateTimeOffset At = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        using var folder = new TestFolder();
        var digest = await PrepareAsync(folder["labelled"], labelled: true);
        await PrepareAsync(folder["bare"], labelled: false);
        List<Figure> figures = [];
        foreach (var format in new[] { DatasetFormat.Coco, DatasetFormat.Yolo })
        {
            var file = folder[$"{format}.file"];
            figures.AddRange(await MeasureAsync("export", format, folder["labelled"], digest, file));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{format}: {new FileInfo(file).Length / 1e6:0} MB"));
            // Each import finds frames that nobody labelled yet.
            var fresh = folder[$"{format}-bare"];
            Copy(folder["bare"], fresh);
            figures.AddRange(await MeasureAsync("import", format, fresh, digest, file));
        }
        return figures;
    }

    /// <summary>What the process of its own does.</summary>
    public static async Task<int> RunAsync(string way, string format, string data, string digest, string file)
    {
        var began = Stopwatch.GetTimestamp();
        var known = Enum.Parse<DatasetFormat>(format);
        using var database = new SqliteDatabase(Path.Combine(data, "fleet.db"));
        var blobs = new BlobStore(Path.Combine(data, "blobs"));
        if (way == "export")
        {
            var desk = new ExportDesk(database, blobs);
            var view = await desk.FindAsync(digest, CancellationToken.None) ?? throw new InvalidOperationException("There is no snapshot.");
            await using var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
            desk.Write(view, FormatTable.Of(known), null, images: false, zip: FormatTable.Of(known).OneFile is null, stream, CancellationToken.None);
        }
        else
        {
            var stage = "";
            var desk = new ImportDesk(database, blobs, new FleetEvents(), new RolloutSignals(), Options.Create(new FleetOptions { Data = data }), new ImportLimits(), TimeProvider.System);
            await using var stream = File.OpenRead(file);
            var report = await desk.RunAsync(stream, new ImportRequest(null, null, Relabel: false, DryRun: false, "bench"), line => stage = Say(stage, line.Stage, began), CancellationToken.None);
            Say(stage, "", began);
            var labelled = await database.ReadAsync(connection => connection.ExecuteScalar<int>("SELECT count(*) FROM frames WHERE state = 1"), CancellationToken.None);
            if (!report.Written || labelled != Pictures) throw new InvalidOperationException($"{labelled} labels: {string.Join('\n', report.Findings)}");
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"whole until {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s, {Environment.CpuUsage.TotalTime.TotalSeconds:0.0} s of CPU"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seconds={Stopwatch.GetElapsedTime(began).TotalSeconds:0.000}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"megabytes={Peak() / 1e6:0.0}"));
        return 0;
    }

    private static string Say(string before, string now, long began)
    {
        if (before != now) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{before} until {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s, {Environment.CpuUsage.TotalTime.TotalSeconds:0.0} s of CPU"));
        return now;
    }

    private static async Task<Figure[]> MeasureAsync(string way, DatasetFormat format, string data, string digest, string file)
    {
        await using var process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "CvOps.Benchmarks.dll"), [Process, way, format.ToString(), data, digest, file]);
        if (await process.WaitForExitAsync(Patience) != 0) throw new InvalidOperationException($"The process failed: {process.Output}");
        foreach (var line in process.Output.Split('\n').Where(line => line.Contains(" of CPU", StringComparison.Ordinal))) Console.WriteLine($"{way} {format}: {line}");
        var said = process.Output.Split('\n').Select(line => line.Split('=')).Where(pair => pair.Length == 2 && pair[0] is "seconds" or "megabytes")
            .ToDictionary(pair => pair[0], pair => double.Parse(pair[1], CultureInfo.InvariantCulture));
        var name = format.ToString().ToUpperInvariant();
        return
        [
            Figure.AtMost($"{way} of 100,000 pictures' labels, {name}, s", said["seconds"], Seconds, way == "import" ? "the limit; checked, and committed to the database" : "the limit; from the snapshot to the file"),
            Figure.AtMost($"{way} of 100,000 pictures' labels, {name}, peak MB", said["megabytes"], Megabytes, "the limit; resident, a process of its own, .NET included"),
        ];
    }

    /// <summary>Frames of a line's day, two boxes each and an outline on every tenth, and where they are labelled a snapshot of them.</summary>
    private static async Task<string> PrepareAsync(string data, bool labelled)
    {
        Directory.CreateDirectory(data);
        using var database = new SqliteDatabase(Path.Combine(data, "fleet.db"));
        var random = new Random(1);
        var frames = Enumerable.Range(0, Pictures).Select(i => Frame(i, labelled ? Label(i, random) : null)).ToArray();
        await database.WriteAsync(connection => frames.Count(frame => FrameTable.Insert(connection, frame, At)), CancellationToken.None);
        if (!labelled) return "";
        var entries = frames.OrderBy(frame => frame.Id, StringComparer.Ordinal).Select(SnapshotRule.EntryOf).ToArray();
        var digest = new BlobStore(Path.Combine(data, "blobs")).Put(SnapshotRule.Document(entries));
        var view = new DatasetView(digest, "bench", entries.Length, 0, new Dictionary<string, int>(), At, "bench");
        await database.WriteAsync(connection => connection.Execute("INSERT INTO datasets (digest, created_at, body) VALUES (@digest, 0, @body)", new { digest, body = JsonSerializer.Serialize(view, ContractsJson.Default.DatasetView) }), CancellationToken.None);
        return digest;
    }

    private static FrameView Frame(int i, FrameLabel? label) => new()
    {
        Id = $"{i:x8}{i * 7919L:x24}", Device = new DeviceId($"line-{i % 40}"), Camera = new CameraId("top"), Part = $"part-{i}", Frame = i, CapturedAt = At.AddSeconds(i), Model = new ModelRef("steel", "3", new string('a', 64)),
        Prediction = new Prediction { Class = "dent", Confidence = 0.8, Margin = 0.6, Entropy = 0.2 }, Reasons = [new SamplingReason("audit", 1)], InclusionProbability = 0.01,
        ImageDigest = $"{i:x64}", Width = 1280, Height = 960, State = label is null ? LabelState.Unlabelled : LabelState.Labelled, Use = FrameUse.Training, Label = label,
    };

    private static FrameLabel Label(int i, Random random) => new(
        i % 3 == 0 ? "ng" : null, [new LabelBox("dent", Pixel(random, 800), Pixel(random, 700), Pixel(random, 300) + 1, Pixel(random, 200) + 1), new LabelBox("scratch", Pixel(random, 800), Pixel(random, 700), Pixel(random, 300) + 1, Pixel(random, 200) + 1)], "bench", At,
        i % 10 > 0 ? null : [new LabelPolygon("chip", [.. Enumerable.Range(0, 16).Select(_ => Pixel(random, 900))])]);

    private static double Pixel(Random random, double below) => Math.Round(random.NextDouble() * below, 2);

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private static long Peak()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}

using CvOps.Benchmarks;
using CvOps.Benchmarks.LinkSoak;
using CvOps.Benchmarks.Rollouts;

// A table is the benchmarks of one subject; each of them is a row here and has a target of its own in the Makefile.
var frame = new Dictionary<string, Func<Task<IReadOnlyList<Figure>>>>
{
    ["pipeline"] = PipelineBench.RunAsync,
    ["rtsp"] = RtspBench.RunAsync,
    ["allocations"] = AllocationBench.RunAsync,
    ["bursts"] = BurstBench.RunAsync,
    ["preprocess"] = PreprocessBench.RunAsync,
    ["decode"] = DecodeBench.RunAsync,
    ["publish"] = PublishBench.RunAsync,
    ["actuation"] = ActuationBench.RunAsync,
    ["reconnect"] = ReconnectBench.RunAsync,
    ["footprint"] = FootprintBench.RunAsync,
};
var update = new Dictionary<string, Func<Task<IReadOnlyList<Figure>>>>
{
    ["swaps"] = UpdateBench.SwapsAsync,
    ["rollbacks"] = UpdateBench.RollbacksAsync,
    ["swap-memory"] = UpdateBench.MemoryAsync,
    ["chunks"] = ChunkBench.RunAsync,
};
var evidence = new Dictionary<string, Func<Task<IReadOnlyList<Figure>>>>
{
    ["sketches"] = SketchBench.RunAsync,
    ["covariates"] = CovariateBench.RunAsync,
    ["detector"] = DetectorBench.RunAsync,
    ["quiet-years"] = QuietYears.RunAsync,
    ["sampling"] = SamplingBench.RunAsync,
    ["budget"] = BudgetBench.RunAsync,
    ["estimate"] = EstimateBench.RunAsync,
    ["labels"] = LabelBench.RunAsync,
};
var link = new Dictionary<string, Func<Task<IReadOnlyList<Figure>>>>
{
    ["spool"] = SpoolBench.RunAsync,
    ["away"] = AwayBench.RunAsync,
    ["crashes"] = CrashBench.RunAsync,
    ["ingest"] = IngestBench.RunAsync,
    ["client"] = ClientBench.RunAsync,
};
var fleet = new Dictionary<string, Func<Task<IReadOnlyList<Figure>>>>
{
    ["twins"] = TwinBench.MemoryAsync,
    ["slices"] = TwinBench.SlicesAsync,
    ["sprt"] = SprtBench.RunAsync,
    ["paired"] = PairedBench.RunAsync,
    ["multiplicity"] = MultiplicityBench.RunAsync,
    ["story"] = StoryBench.RunAsync,
    ["strata"] = StrataBench.RunAsync,
    ["stop-latency"] = StopBench.RunAsync,
    ["rollout-100k"] = WaveBench.RunAsync,
    ["resume"] = ResumeBench.RunAsync,
    ["overview"] = OverviewBench.RunAsync,
};
var data = new Dictionary<string, Func<Task<IReadOnlyList<Figure>>>>
{
    ["formats"] = FormatBench.RunAsync,
    ["head"] = HeadBench.RunAsync,
    ["registry"] = RegistryBench.RunAsync,
    ["frames"] = FrameSearchBench.RunAsync,
    ["snapshot"] = SnapshotBench.RunAsync,
    ["similar"] = SimilarBench.RunAsync,
    ["restore"] = RestoreBench.RunAsync,
};
var tables = new Dictionary<string, Dictionary<string, Func<Task<IReadOnlyList<Figure>>>>>
{
    ["frame"] = frame,
    ["update"] = update,
    ["evidence"] = evidence,
    ["link"] = link,
    ["fleet"] = fleet,
    ["data"] = data,
};
var parts = tables.Values.SelectMany(table => table).ToDictionary();

switch (args)
{
    case [var subject] when tables.TryGetValue(subject, out var table):
        List<Figure> figures = [];
        foreach (var (name, run) in table)
        {
            Console.WriteLine($"-- {name}");
            figures.AddRange(await run());
        }
        FigureTable.Publish(subject, figures);
        return 0;
    case ["soak-camera", var minutes] when int.TryParse(minutes, out var count) && count > 0:
        return await CameraSoak.RunAsync(count);
    case ["soak-link", var minutes, .. var seeds] when int.TryParse(minutes, out var count) && count > 0:
        return await SoakRun.RunAsync(count, seeds is [var text] && int.TryParse(text, out var seed) ? seed : Environment.TickCount & 0xFFFF);
    case [FootprintBench.BareHarness, .. var rest]:
        return FootprintBench.RunBare(rest);
    case [TwinRestart.Process, var path]:
        return await TwinRestart.RunAsync(path);
    case [TwinBench.Process]:
        return TwinBench.Run();
    case [FormatBench.Process, var way, var format, var folderOfData, var digest, var file]:
        return await FormatBench.RunAsync(way, format, folderOfData, digest, file);
    case [SnapshotBench.Process, var folderOfFrames]:
        return await SnapshotBench.RunAsync(folderOfFrames);
    case [PackageServer.Command, var folder, var port]:
        return await PackageServer.RunAsync(folder, port);
    case [var name] when parts.TryGetValue(name, out var run):
        FigureTable.Publish(name, await run());
        return 0;
    default:
        Console.Error.WriteLine($"usage: CvOps.Benchmarks {string.Join(" | ", tables.Keys.Concat(parts.Keys))} | soak-camera MINUTES | soak-link MINUTES [SEED]");
        return 78;
}

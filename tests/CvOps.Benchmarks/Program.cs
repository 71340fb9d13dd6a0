using CvOps.Benchmarks;

// Each benchmark is one row here and one target in the Makefile; `frame` is all of them in one table.
var benchmarks = new Dictionary<string, Func<Task<IReadOnlyList<Figure>>>>
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
    ["chunks"] = ChunkBench.RunAsync,
};

// Not of the frame path: a table of its own.
var alone = new Dictionary<string, Func<Task<IReadOnlyList<Figure>>>> { ["update"] = UpdateBench.RunAsync };

switch (args)
{
    case ["frame"]:
        List<Figure> figures = [];
        foreach (var (name, run) in benchmarks)
        {
            Console.WriteLine($"-- {name}");
            figures.AddRange(await run());
        }
        FigureTable.Publish("frame", figures);
        return 0;
    case ["soak-camera", var minutes] when int.TryParse(minutes, out var count) && count > 0:
        return await CameraSoak.RunAsync(count);
    case [FootprintBench.BareHarness, .. var rest]:
        return FootprintBench.RunBare(rest);
    case [PackageServer.Command, var folder, var port]:
        return await PackageServer.RunAsync(folder, port);
    case [var name] when benchmarks.TryGetValue(name, out var run) || alone.TryGetValue(name, out run):
        FigureTable.Publish(name, await run());
        return 0;
    default:
        Console.Error.WriteLine($"usage: CvOps.Benchmarks frame | {string.Join(" | ", benchmarks.Keys.Concat(alone.Keys))} | soak-camera MINUTES");
        return 78;
}

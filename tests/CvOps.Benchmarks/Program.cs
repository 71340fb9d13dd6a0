using CvOps.Benchmarks;

switch (args)
{
    case ["pipeline"]:
        await PipelineBench.RunAsync();
        return 0;
    case ["decode"]:
        FigureTable.Publish("decode", await DecodeBench.RunAsync());
        return 0;
    case ["actuation"]:
        FigureTable.Publish("actuation", await ActuationBench.RunAsync());
        return 0;
    default:
        Console.Error.WriteLine("usage: CvOps.Benchmarks pipeline | decode | actuation");
        return 78;
}

using CvOps.Benchmarks;

switch (args)
{
    case ["pipeline"]:
        await PipelineBench.RunAsync();
        return 0;
    default:
        Console.Error.WriteLine("usage: CvOps.Benchmarks pipeline");
        return 78;
}

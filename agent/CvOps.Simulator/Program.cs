using System.CommandLine;
using CvOps.Simulator;
using CvOps.Simulator.Lines;
using CvOps.Simulator.Rendering;

var root = new RootCommand("A synthetic inspection line: draws parts with and without defects, streams them as H.264, knows the truth of each.")
{
    RunCommand.Create(),
    RenderCommand.Create(),
};
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
}
catch (SimulatorException e)
{
    Console.Error.WriteLine($"cvops-simulator: {e.Message}");
    return 78;
}
catch (OperationCanceledException)
{
    return 0;
}

using CvOps.Testing;

namespace CvOps.Fleet.Tests.Cli;

/// <summary>The program <c>cvops</c> at a fleet of a test.</summary>
internal static class CliProgram
{
    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "cvops.dll");

    public static TestProcess Start(FleetHost fleet, params string[] arguments) =>
        TestProcess.StartAssembly(Assembly, [.. arguments, "--fleet", fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)], fleet.CliEnvironment);
}

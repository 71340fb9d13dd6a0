using System.Text;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Spool;

/// <summary>This assembly as a child process that appends until it is killed; prints the sequence of each append that was confirmed.</summary>
public sealed class SpoolChild
{
    private const string Variable = "CVOPS_TEST_SPOOL";

    internal static TestProcess Start(string folder) => TestProcess.StartAssembly(
        typeof(SpoolChild).Assembly.Location, ["-explicit", "only", "-method", $"{typeof(SpoolChild).FullName}.{nameof(Appends_until_killed)}", "-noColor"],
        new Dictionary<string, string?> { [Variable] = folder });

    [Fact(Explicit = true)]
    public async Task Appends_until_killed()
    {
        var folder = Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException($"{Variable} names no folder: this runs as a child of another test.");
        await using var spool = new SpoolLog(folder, new DeviceId("child"), 1L << 30, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AppendForEverAsync(spool)));
    }

    private static async Task AppendForEverAsync(SpoolLog spool)
    {
        while (true)
        {
            Origin? stamped = null;
            await spool.AppendAsync("cvops/v1/s/child/health", origin =>
            {
                stamped = origin;
                return Encoding.UTF8.GetBytes($"{origin.Sequence} {new string('x', (int)(origin.Sequence % 5000))}");
            }, TestContext.Current.CancellationToken);
            Console.WriteLine($"stored {stamped!.Sequence}");
        }
    }
}

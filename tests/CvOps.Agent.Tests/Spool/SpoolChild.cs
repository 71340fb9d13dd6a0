using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Spool;

/// <summary>This assembly as a child process that appends to every class until it is killed; prints stream and sequence of each append that was confirmed.</summary>
public sealed partial class SpoolChild
{
    private const string Variable = "CVOPS_TEST_SPOOL";
    private static readonly DeviceId Device = new("child");
    private static readonly Topics Own = new(new SiteId("s"), Device);

    internal static TestProcess Start(string folder, IReadOnlyDictionary<string, string?>? environment = null) => TestProcess.StartAssembly(
        typeof(SpoolChild).Assembly.Location, ["-explicit", "only", "-method", $"{typeof(SpoolChild).FullName}.{nameof(Appends_until_killed)}", "-noColor"],
        new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>()) { [Variable] = folder });

    /// <summary>The last that was confirmed, by stream.</summary>
    internal static Dictionary<int, long> Confirmed(TestProcess child) => Stored().Matches(child.Output)
        .GroupBy(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match => long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))
        .ToDictionary(group => group.Key, group => group.Max());

    /// <summary>Reads what a life left: each stream of each boot without a gap from the first on, and at least what was confirmed. Acknowledges it.</summary>
    internal static async Task ReadAllAsync(string folder, IReadOnlyDictionary<int, long> confirmed)
    {
        await using var spool = new SpoolLog(folder, Device, 1L << 30, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        using var feed = spool.Read();
        var last = new Dictionary<int, long>();
        while (feed.TryRead() is { } record)
        {
            var parts = Encoding.UTF8.GetString(record.Payload.Span).Split(' ');
            var (stream, sequence) = (int.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
            Assert.Equal(last.GetValueOrDefault(stream) + 1, sequence);
            Assert.Equal(stream, (int)record.Class);
            last[stream] = sequence;
            spool.Acknowledge(record);
            feed.Return(record);
        }
        foreach (var (stream, sequence) in confirmed) Assert.True(last.GetValueOrDefault(stream) >= sequence, $"stream {stream}: {sequence} were confirmed, {last.GetValueOrDefault(stream)} are there");
    }

    [Fact(Explicit = true)]
    public async Task Appends_until_killed()
    {
        var folder = Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException($"{Variable} names no folder: this runs as a child of another test.");
        UnkindDisk.Intercept(typeof(SpoolLog).Assembly);
        await using var spool = new SpoolLog(folder, Device, 1L << 30, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        string[] topics = [Own.Health, Own.Inspection(new CameraId("a")), Own.Drift(new CameraId("a")), Own.Frame(new CameraId("a"), "f")];
        await Task.WhenAll(topics.Select(topic => AppendForEverAsync(spool, topic)));
    }

    private static async Task AppendForEverAsync(SpoolLog spool, string topic)
    {
        while (true)
        {
            Origin? stamped = null;
            var outcome = await spool.AppendAsync(topic, origin =>
            {
                stamped = origin;
                return Encoding.UTF8.GetBytes($"{origin.Stream} {origin.Sequence} {new string('x', (int)(origin.Sequence % 5000))}");
            }, TestContext.Current.CancellationToken);
            Console.WriteLine($"{outcome} {stamped!.Stream} {stamped.Sequence}");
        }
    }

    [GeneratedRegex(@"^Stored (\d+) (\d+)$", RegexOptions.Multiline)]
    private static partial Regex Stored();
}

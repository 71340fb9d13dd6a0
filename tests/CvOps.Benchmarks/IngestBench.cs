using System.Diagnostics;
using System.Globalization;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// Reports that come to be applied, durable and told to the observers in the real fleet, over messages that come to one bare QoS 1 subscriber: the same
/// publishers (mosquitto_pub, one a topic), payloads and broker configuration, rounds interleaved. The clock runs from the start of the publishers.
/// </summary>
internal static class IngestBench
{
    private const int Rounds = 7;
    private const int Messages = IngestPayloads.Messages;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        using var payloads = new IngestPayloads();
        await using var ours = await BenchBroker.StartAsync();
        await using var theirs = await BenchBroker.StartAsync();
        await using var fleet = await BenchFleet.StartAsync(ours, payloads);
        var ratios = new List<double>();
        for (var round = -2; round < Rounds; round++)
        {
            var publishers = payloads.Write(round + 2);
            // Who goes first changes from round to round.
            var first = round % 2 == 0 ? await BareAsync(theirs, publishers) : 0;
            var cpu = fleet.Cpu;
            var applied = await FleetAsync(ours, fleet, publishers, round + 3);
            cpu = fleet.Cpu - cpu;
            var bare = first > 0 ? first : await BareAsync(theirs, publishers);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"round {round + 1}: mosquitto_sub {bare:0} messages/s, fleet {applied:0} messages/s, {1e6 * cpu / Messages:0.0} us of CPU a message{(round < 0 ? " (warm-up)" : "")}"));
            if (round >= 0) ratios.Add(applied / bare);
        }
        return [Figure.AtLeast("reports/s applied and durable / bare QoS 1 subscriber", ratios.Order().ElementAt(Rounds / 2), 0.9, "mosquitto_sub -q 1, same broker, publishers and payloads")];
    }

    /// <param name="rounds">How often these publishers have been here, this time included.</param>
    /// <returns>Messages a second from the start of the publishers to the last one applied.</returns>
    public static async Task<double> FleetAsync(TestBroker broker, BenchFleet fleet, IReadOnlyList<IngestPayloads.Publisher> publishers, int rounds)
    {
        var started = Stopwatch.GetTimestamp();
        var publishing = PublishAsync(broker, publishers);
        await fleet.AppliedAsync((long)rounds * IngestPayloads.Devices * IngestPayloads.InspectionsPerDevice, (long)rounds * IngestPayloads.Devices * IngestPayloads.WindowsPerDevice);
        var rate = Messages / Stopwatch.GetElapsedTime(started).TotalSeconds;
        await publishing;
        return rate;
    }

    private static async Task<double> BareAsync(TestBroker broker, IReadOnlyList<IngestPayloads.Publisher> publishers)
    {
        // The window that the fleet asks for; its output goes nowhere, as writing it is no part of receiving it.
        await using var subscriber = TestProcess.Start("sh", ["-c", string.Create(CultureInfo.InvariantCulture,
            $"exec mosquitto_sub -V 5 -D connect receive-maximum {Fleet.Ingest.FleetLink.ReceiveMaximum} -h 127.0.0.1 -p {broker.Port} -q 1 -t 'cvops/#' -C {Messages} > /dev/null")]);
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        var started = Stopwatch.GetTimestamp();
        var publishing = PublishAsync(broker, publishers);
        await subscriber.WaitForExitAsync(Patience);
        var rate = Messages / Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (subscriber.ExitCode != 0) throw new InvalidOperationException($"mosquitto_sub: {subscriber.Output}");
        await publishing;
        return rate;
    }

    /// <summary>CloudEvents attributes of the number and sizes that an agent sends; the payload has the origin that counts.</summary>
    private const string Attributes =
        "-D publish content-type application/json -D publish user-property specversion 1.0 -D publish user-property type io.cvops.inspection.v1 -D publish user-property source /cvops/bench/bench-1"
        + " -D publish user-property subject cam-1 -D publish user-property id 2-123456-2 -D publish user-property time 2026-05-04T12:00:00.125Z -D publish user-property dataschema urn:cvops:v1:InspectionReport";

    private static Task PublishAsync(TestBroker broker, IReadOnlyList<IngestPayloads.Publisher> publishers) => Task.WhenAll(publishers.Select(async publisher =>
    {
        await using var client = TestProcess.Start("sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"exec mosquitto_pub -V 5 -h 127.0.0.1 -p {broker.Port} -q 1 -t '{publisher.Topic}' {Attributes} -l < '{publisher.File}'")]);
        await client.WaitForExitAsync(Patience);
        if (client.ExitCode != 0) throw new InvalidOperationException($"mosquitto_pub: {client.Output}");
    }));
}

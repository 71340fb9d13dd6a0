using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Benchmarks;

/// <summary>
/// From the spool on disk to PUBACK: managed bytes a message of the whole process, and messages a second over mosquitto's own client that reads
/// the same payloads as lines of a file, QoS 1 to the same mosquitto on loopback, rounds interleaved, connecting and saying goodbye included in both.
/// </summary>
internal static class PublishBench
{
    private const int Counted = 10_000;
    private const int WarmUp = 20_000;
    private const int Messages = 30_000;
    private const int PayloadBytes = 400; // an inspection with two detections
    private const int Rounds = 5;
    private static readonly DeviceId Device = new("bench");
    private static readonly Topics Own = new(new SiteId("bench"), Device);
    private static readonly string Topic = Own.Inspection(new CameraId("cam"));

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var broker = await BenchBroker.StartAsync();
        var counted = await DrainAsync(broker, WarmUp + Counted);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{counted.Bytes} managed bytes for {Counted} messages, {counted.Collections} collections"));

        using var folder = new TestFolder();
        await File.WriteAllLinesAsync(folder["lines"], Enumerable.Repeat(Encoding.UTF8.GetString(Payload), Messages));
        var (ratios, attributes) = (new List<double>(), new List<double>());
        for (var round = -1; round < Rounds; round++)
        {
            var rival = await RivalAsync(broker, folder["lines"]);
            var ours = (await DrainAsync(broker, Messages)).Rate;
            var plain = (await DrainAsync(broker, Messages, cloudEvents: false)).Rate;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: mosquitto_pub {rival:0} messages/s, agent {ours:0} messages/s, without CloudEvents attributes {plain:0}{(round < 0 ? " (warm-up)" : "")}"));
            if (round < 0) continue;
            ratios.Add(ours / rival);
            attributes.Add(ours / plain);
        }
        return
        [
            Figure.AtMost("managed bytes a message, spool to PUBACK, whole process", counted.Bytes / (double)Counted, 64, $"{Counted} messages, GC.GetTotalAllocatedBytes"),
            Figure.AtMost("garbage collections meanwhile", counted.Collections, 0, "-"),
            Figure.AtLeast("messages/s spool to PUBACK / mosquitto_pub -q 1 -l", ratios.Order().ElementAt(Rounds / 2), 1, "mosquitto_pub of this machine, same broker and payloads"),
            Figure.AtLeast("messages/s with CloudEvents attributes / without", attributes.Order().ElementAt(Rounds / 2), 0.8, $"the same link told to leave them out; they are {AttributeBytes()} bytes a message"),
        ];
    }

    private static byte[] Payload { get; } = Encoding.UTF8.GetBytes("""{"origin":{"device":"bench","boot":3,"sequence":123456,"stream":2},"camera":"cam","frame":1234,"connection":1,"capturedAt":"2026-05-04T12:00:00.1250000+00:00","rest":"x"""
        .PadRight(PayloadBytes - 2, 'x') + "\"}");

    /// <summary>On the wire: an identifier and two lengths beside each name and value.</summary>
    private static int AttributeBytes() => new CloudEventProperties(new CloudEventNames(new SiteId("bench"), Device)).Of(Topic, Payload)!.Sum(property => 5 + property.Name.Length + property.ValueBuffer.Length);

    private readonly record struct Drained(double Rate, long Bytes, int Collections);

    /// <summary>A full spool, emptied by the agent's link and uplink.</summary>
    private static async Task<Drained> DrainAsync(TestBroker broker, int messages, bool cloudEvents = true)
    {
        using var folder = new TestFolder();
        Fill(folder.Path, messages);
        await using var spool = new SpoolLog(folder.Path, Device, 1L << 30, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        using var stopping = new CancellationTokenSource();
        using var mqtt = new MqttFleetLink(new LinkOptions { Brokers = [string.Create(CultureInfo.InvariantCulture, $"mqtt://127.0.0.1:{broker.Port}")], CloudEvents = cloudEvents },
            new SiteId("bench"), Device, new FleetInbox(), () => new DeviceStatus(Device, Connectivity.Online, 1, "bench"), () => 0.5, TimeProvider.System, NullLogger<MqttFleetLink>.Instance);
        var link = new CountingLink(mqtt, messages);
        using var uplink = new UplinkLoop(spool, link, TimeProvider.System, NullLogger<UplinkLoop>.Instance);

        var started = Stopwatch.GetTimestamp();
        var running = link.RunAsync(stopping.Token);
        await uplink.StartAsync(stopping.Token);
        await link.AllSent;
        // The last window is still on its way.
        while (spool.Health.WaitingMessages > 0) await Task.Delay(1);
        await uplink.StopAsync(CancellationToken.None);
        await stopping.CancelAsync();
        await running;
        return new Drained(messages / Stopwatch.GetElapsedTime(started).TotalSeconds, link.Bytes, link.Collections);
    }

    private static void Fill(string folder, int messages)
    {
        using var store = new SpoolStore(Path.Combine(folder, SpoolClasses.Name(SpoolClass.Results)), SpoolLimits.Of(1L << 30).Classes[(int)SpoolClass.Results], TimeProvider.System, NullLogger.Instance);
        store.Open();
        var records = new ArrayBufferWriter<byte>();
        for (var first = 1; first <= messages; first += 1000)
        {
            var count = Math.Min(1000, messages - first + 1);
            records.ResetWrittenCount();
            for (var index = 0; index < count; index++) SpoolRecord.Write(records, first + index, Topic, Payload, default);
            store.Write(count, records.WrittenMemory);
            store.Sync();
        }
    }

    private static async Task<double> RivalAsync(TestBroker broker, string lines)
    {
        var started = Stopwatch.GetTimestamp();
        await using var client = TestProcess.Start("sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"exec mosquitto_pub -V 5 -h 127.0.0.1 -p {broker.Port} -i rival -q 1 -t '{Topic}' -l < '{lines}'")]);
        await client.WaitForExitAsync(TimeSpan.FromMinutes(2));
        if (client.ExitCode != 0) throw new InvalidOperationException($"mosquitto_pub: {client.Output}");
        return Messages / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>The link, with a look at the process's allocations when so many messages have been given to it.</summary>
    private sealed class CountingLink(IFleetLink link, int messages) : IFleetLink
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _sent;

        public long Bytes { get; private set; }

        public int Collections { get; private set; }

        public Task AllSent => _all.Task;

        public LinkState State => link.State;

        public string? Problem => link.Problem;

        public int Window => link.Window;

        public Task RunAsync(CancellationToken cancellationToken) => link.RunAsync(cancellationToken);

        public Task WhenConnectedAsync(CancellationToken cancellationToken) => link.WhenConnectedAsync(cancellationToken);

        public ValueTask<PublishOutcome> SendAsync(string topic, ReadOnlyMemory<byte> payload, uint expirySeconds, CancellationToken cancellationToken)
        {
            _sent++;
            if (_sent == messages - Counted) (Bytes, Collections) = (-GC.GetTotalAllocatedBytes(precise: true), -GC.CollectionCount(0));
            if (_sent == messages)
            {
                (Bytes, Collections) = (Bytes + GC.GetTotalAllocatedBytes(precise: true), Collections + GC.CollectionCount(0));
                _all.TrySetResult();
            }
            return link.SendAsync(topic, payload, expirySeconds, cancellationToken);
        }

        public void Report(TwinReported reported) => link.Report(reported);

        public void Announce(DeviceBirth birth) => link.Announce(birth);

        public ValueTask<PublishOutcome> RespondAsync(CommandResponse response, CancellationToken cancellationToken) => link.RespondAsync(response, cancellationToken);
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using CvOps.Agent.Tests.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.CrashMatrix;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.Agent.Tests.Link;

/// <summary>What the uplink makes of the spool and of what the far side says.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class UplinkLoopTests : IDisposable
{
    private static readonly DeviceId Device = new("cam-1");
    private static readonly Topics Own = new(new SiteId("plant"), Device);
    private static readonly CameraId Camera = new("a");
    private readonly TestFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>What mosquitto does over a packet it will not take. Fresh results always go first, and yet the picture that ends every connection is found.</summary>
    [Fact]
    public async Task The_message_that_ends_the_connection_is_found_while_others_keep_coming()
    {
        await using var spool = new SpoolLog(_folder.Path, Device, 64 << 20, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        for (var index = 1; index <= 3; index++) await AppendAsync(spool, Own.Frame(Camera, $"f{index}"));
        for (var index = 0; index < 10; index++) await AppendAsync(spool, Own.Inspection(Camera));
        var time = new ManualTime();
        var link = new TouchyLink("4/2", () => AppendAsync(spool, Own.Inspection(Camera)));
        using var uplink = new UplinkLoop(spool, link, time, NullLogger<UplinkLoop>.Instance);
        await uplink.StartAsync(Token);
        await Eventually.Async(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return spool.DeadLetters.Count > 0 && spool.Health.WaitingMessages == 0;
        }, TimeSpan.FromSeconds(20), () => $"{spool.Health}; sent: {string.Join(' ', link.Taken)}", Token);
        await uplink.StopAsync(Token);

        var letter = await File.ReadAllTextAsync(Directory.GetFiles(_folder["dead-letters"]).Single(), Token);
        Assert.EndsWith("4/2", letter, StringComparison.Ordinal);
        Assert.Equal(["4/1", "4/3"], link.Taken.Where(it => it[0] == '4').Distinct());
        var results = link.Taken.Where(it => it[0] == '2').Select(it => int.Parse(it[2..], CultureInfo.InvariantCulture)).Distinct().ToArray();
        Assert.Equal(Enumerable.Range(1, results.Length), results);
        Assert.InRange(results.Length, 11, 40);
    }

    /// <summary>Through a real broker: nobody is sent yesterday's health, and what is left of today's time goes with it.</summary>
    [Fact]
    public async Task What_has_expired_is_not_sent_and_what_has_not_says_how_long_it_may_wait()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        var time = new ManualTime(new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero));
        await using var spool = new SpoolLog(_folder.Path, Device, 64 << 20, time, NullLogger<SpoolLog>.Instance);
        await AppendAsync(spool, Own.Health);
        await AppendAsync(spool, Own.Inspection(Camera));
        time.Advance(TimeSpan.FromHours(23));
        await AppendAsync(spool, Own.Health);
        time.Advance(TimeSpan.FromHours(2));

        var heard = new ConcurrentQueue<(string Text, uint Expiry)>();
        using var fleet = new MqttClientFactory().CreateMqttClient();
        fleet.ApplicationMessageReceivedAsync += args =>
        {
            if (args.ApplicationMessage.Topic != Own.Status) heard.Enqueue((args.ApplicationMessage.ConvertPayloadToString() ?? "", args.ApplicationMessage.MessageExpiryInterval));
            return Task.CompletedTask;
        };
        await fleet.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", broker.Port).WithProtocolVersion(MqttProtocolVersion.V500).Build(), Token);
        await fleet.SubscribeAsync(Topics.Everything, MqttQualityOfServiceLevel.AtLeastOnce, Token);

        using var stopping = new CancellationTokenSource();
        using var link = new MqttFleetLink(new LinkOptions { Brokers = [$"mqtt://127.0.0.1:{broker.Port}"] }, new SiteId("plant"), Device, new FleetInbox(),
            () => new DeviceStatus(Device, Connectivity.Online, 1, "test"), () => 0.5, TimeProvider.System, NullLogger<MqttFleetLink>.Instance);
        var running = link.RunAsync(stopping.Token);
        using var uplink = new UplinkLoop(spool, link, TimeProvider.System, NullLogger<UplinkLoop>.Instance);
        await uplink.StartAsync(Token);
        await Eventually.Async(() => heard.Count == 2 && spool.Health.WaitingMessages == 0, TimeSpan.FromSeconds(20), () => $"{string.Join(' ', heard)}; {spool.Health}, {link.Problem}", Token);
        await uplink.StopAsync(Token);
        await stopping.CancelAsync();
        await running;

        Assert.Equal(["1/2", "2/1"], heard.Select(it => it.Text).Order());
        Assert.Equal(0u, heard.Single(it => it.Text == "2/1").Expiry);
        // The spool's clock stands; the broker's may tick while it holds the message.
        Assert.InRange(heard.Single(it => it.Text == "1/2").Expiry, 22 * 3600u - 30, 22 * 3600u);
        Assert.Equal((1, 0), (spool.Losses.Of(TopicKind.Health, SpoolLossReason.Expired), spool.Health.EvictedMessages));
    }

    /// <summary>Bytes of the whole process, so a few are let pass; the benchmark counts exactly.</summary>
    [Fact]
    public async Task Append_and_drain_allocate_nothing_for_a_message()
    {
        const int Messages = 5000, AtOnce = 50;
        await using var spool = new SpoolLog(_folder.Path, Device, 64 << 20, new ManualTime(), NullLogger<SpoolLog>.Instance);
        var link = new WillingLink();
        using var uplink = new UplinkLoop(spool, link, TimeProvider.System, NullLogger<UplinkLoop>.Instance);
        await uplink.StartAsync(Token);
        var report = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(TestData.InRepository("tests", "data", "golden", "InspectionReport.json"), Token), ContractsJson.Default.InspectionReport)!
            with { Origin = OriginStamp.None };
        Action<Utf8JsonWriter, InspectionReport> write = InspectionWriter.Write;
        var topic = Own.Inspection(Camera);
        var least = long.MaxValue;
        for (var round = 0; round < 4; round++)
        {
            var (bytes, before) = (GC.GetTotalAllocatedBytes(precise: true), link.Taken);
            for (var index = 1; index <= Messages; index++)
            {
                spool.Append(topic, report, write);
                if (index % AtOnce == 0) Assert.True(SpinWait.SpinUntil(() => link.Taken >= before + index, TimeSpan.FromSeconds(20)));
            }
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - bytes);
        }
        await uplink.StopAsync(Token);
        // The closure of each wait, and whatever else this process does.
        Assert.InRange(least / (double)Messages, 0, 16);
    }

    private static async Task AppendAsync(SpoolLog spool, string topic) =>
        Assert.Equal(AppendOutcome.Stored, await spool.AppendAsync(topic, origin => Encoding.UTF8.GetBytes($"{origin.Stream}/{origin.Sequence}"), Token));

    /// <summary>Takes what it gets in windows; one that holds a certain message ends the connection, and everything in it is in doubt.</summary>
    private sealed class TouchyLink(string poison, Func<Task> whenEnded) : IFleetLink
    {
        private readonly Lock _gate = new();
        private List<(string Text, TaskCompletionSource<PublishOutcome> Answer)> _window = [];

        public ConcurrentQueue<string> Taken { get; } = new();

        public LinkState State => LinkState.Connected;

        public string? Problem => null;

        public int Window => 8;

        public Task RunAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WhenConnectedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask<PublishOutcome> SendAsync(string topic, ReadOnlyMemory<byte> payload, uint expirySeconds, CancellationToken cancellationToken)
        {
            var answer = new TaskCompletionSource<PublishOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
            {
                _window.Add((Encoding.UTF8.GetString(payload.Span), answer));
                if (_window.Count == 1) _ = AnswerAsync();
            }
            return new ValueTask<PublishOutcome>(answer.Task);
        }

        public void Announce(DeviceBirth birth)
        {
        }

        public void Report(TwinReported reported)
        {
        }

        public ValueTask<PublishOutcome> RespondAsync(CommandResponse response, CancellationToken cancellationToken) => ValueTask.FromResult(PublishOutcome.Acknowledged);

        private async Task AnswerAsync()
        {
            // The window fills meanwhile.
            await Task.Delay(5);
            List<(string Text, TaskCompletionSource<PublishOutcome> Answer)> window;
            lock (_gate) (window, _window) = (_window, []);
            var ended = window.Exists(it => it.Text == poison);
            if (ended) await whenEnded();
            foreach (var (text, answer) in window)
            {
                if (!ended) Taken.Enqueue(text);
                answer.SetResult(ended ? new PublishOutcome(PublishVerdict.Suspect, "the broker hung up") : PublishOutcome.Acknowledged);
            }
        }
    }
}

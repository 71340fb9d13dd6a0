using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CvOps.Agent.Link;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Agent.Tests.Link;

/// <summary>The link and the uplink against a real mosquitto with TLS, certificates and the fleet's access list.</summary>
public sealed class FleetLinkTests : IAsyncLifetime
{
    private static readonly DeviceId Device = new("cam-1");
    private static readonly Topics Own = new(new SiteId("plant"), Device);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TestFolder _folder = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly FleetInbox _inbox = new();
    private readonly ConcurrentQueue<(string Topic, byte[] Payload)> _atFleet = new();
    private TestBroker _broker = null!;
    private IMqttClient? _fleet;
    private MqttFleetLink? _link;
    private Task _running = Task.CompletedTask;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _broker = await TestBroker.StartTlsAsync(Token);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _link?.Dispose();
        _fleet?.Dispose();
        if (_broker is not null) await _broker.DisposeAsync();
        _folder.Dispose();
        _stopping.Dispose();
    }

    [Fact]
    public async Task The_fleet_sees_a_device_come_go_and_vanish()
    {
        await WatchAsync();
        StartLink();
        await Eventually.Async(() => Statuses().Contains(Connectivity.Online), Deadline, () => _link!.Problem ?? _broker.Log, Token);
        await _stopping.CancelAsync();
        await _running;
        await Eventually.Async(() => Statuses() is [.., Connectivity.Offline], Deadline, () => string.Join(',', Statuses()), Token);
        Assert.Equal(2, Statuses().Count);
    }

    [Fact]
    public async Task A_device_that_is_cut_off_is_declared_offline_by_its_will_and_comes_back()
    {
        await WatchAsync();
        await using var proxy = FaultProxy.Start("127.0.0.1", _broker.Port);
        StartLink(proxy.Port);
        await _link!.WhenConnectedAsync(Token).WaitAsync(Deadline, Token);
        proxy.Cut();
        await Eventually.Async(() => Statuses() is [Connectivity.Online, Connectivity.Offline], Deadline, () => string.Join(',', Statuses()), Token);
        Assert.Contains($"mqtts://localhost:{proxy.Port}", _link.Problem, StringComparison.Ordinal);
        proxy.Restore();
        await Eventually.Async(() => Statuses() is [.., Connectivity.Online], Deadline, () => string.Join(',', Statuses()), Token);
    }

    [Fact]
    public async Task Twins_and_commands_pass_both_ways()
    {
        await WatchAsync();
        await PublishAsync(Own.TwinDesired, JsonSerializer.SerializeToUtf8Bytes(new TwinDesired { Version = 4 }, ContractsJson.Default.TwinDesired), retain: true);
        StartLink();
        Assert.Equal(4, (await _inbox.NextDesiredAsync(0, Token).WaitAsync(Deadline, Token)).Version);

        _link!.Report(new TwinReported
        {
            DesiredVersion = 4, Boot = 1, At = DateTimeOffset.UnixEpoch, AgentVersion = "1", Provider = "CPU", Cameras = [], Model = new ReportedModel { State = UpdateState.Idle },
        });
        await Eventually.Async(() => _atFleet.Any(message => message.Topic == Own.TwinReported), Deadline, () => _broker.Log, Token);

        await PublishAsync(Own.Command("ping"), "not json"u8.ToArray());
        await PublishAsync(Own.Command("ping"), JsonSerializer.SerializeToUtf8Bytes(
            new Command("c1", "ping", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, "test", null), ContractsJson.Default.Command));
        Assert.Equal("c1", (await _inbox.Commands.ReadAsync(Token).AsTask().WaitAsync(Deadline, Token)).Id);
        await _link.RespondAsync(new CommandResponse("c1", Device, true, "pong"), Token);
        await Eventually.Async(() => _atFleet.Any(message => message.Topic == Own.Response("c1")), Deadline, () => _broker.Log, Token);
    }

    [Fact]
    public async Task A_refused_certificate_is_told_in_a_sentence()
    {
        using var strangers = CertificateAuthority.Create(_folder["strangers"]);
        StartLink(strangers.IssueDevice(Device));
        await Eventually.Async(() => _link!.Problem is { } problem && (problem.Contains("certificate", StringComparison.Ordinal) || problem.Contains("unknown ca", StringComparison.Ordinal)), Deadline, () => _link!.Problem ?? "no problem", Token);
        Assert.NotEqual(LinkState.Connected, _link!.State);
    }

    [Fact]
    public async Task The_next_address_is_tried_when_one_is_dead()
    {
        StartLink(TestProcess.FreePort(), _broker.Port);
        await _link!.WhenConnectedAsync(Token).WaitAsync(Deadline, Token);
    }

    [Fact]
    public async Task Through_killed_brokers_and_broken_lines_every_message_arrives_in_order_and_deduplicated_exactly_once()
    {
        const int Messages = 3000;
        await WatchAsync();
        await using var proxy = FaultProxy.Start("127.0.0.1", _broker.Port);
        StartLink(proxy.Port);
        await using var spool = new SpoolLog(_folder["spool"], Device, 64 << 20, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        using var uplink = new UplinkLoop(spool, _link!, TimeProvider.System, NullLogger<UplinkLoop>.Instance);
        await uplink.StartAsync(Token);

        for (var index = 0; index < Messages; index++)
        {
            await spool.EnqueueAsync(Own.Inspection(new CameraId("a")), Payload, Token);
            if (index == 1000) proxy.Break();
            if (index == 2000)
            {
                await Eventually.Async(() => Sequences().Count > 500, Deadline, Seen, Token);
                proxy.Cut();
                // What the broker acknowledged and had not passed on lives in its memory: that is its durability, not the uplink's.
                await Eventually.Async(() => Sequences().Distinct().Count() >= spool.Acknowledged(SpoolClass.Results), Deadline, Seen, Token);
                await _broker.KillAsync();
                await _broker.RestartAsync(Token);
                await WatchAsync();
                proxy.Restore();
            }
        }
        await Eventually.Async(() => spool.Health.WaitingMessages == 0 && Sequences().Distinct().Count() == Messages, Deadline, Seen, Token);
        await uplink.StopAsync(Token);

        // First arrivals are in order, and a repetition starts again at something seen before.
        Assert.Equal(Enumerable.Range(1, Messages).Select(sequence => (long)sequence), Sequences().Distinct());
        Assert.Equal(0, spool.Health.DeadLetters);

        string Seen() => $"{Sequences().Distinct().Count()} of {Messages} arrived, {spool.Health.WaitingMessages} wait, link: {_link!.State} {_link.Problem}";
    }

    [Fact]
    public async Task A_broker_killed_with_a_window_on_its_way_costs_the_spool_nothing()
    {
        const int Messages = 300;
        await WatchAsync();
        await using var proxy = FaultProxy.Start("127.0.0.1", _broker.Port);
        StartLink(proxy.Port);
        await using var spool = new SpoolLog(_folder["spool"], Device, 64 << 20, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        using var uplink = new UplinkLoop(spool, _link!, TimeProvider.System, NullLogger<UplinkLoop>.Instance);
        await uplink.StartAsync(Token);
        await spool.AppendAsync(Own.Inspection(new CameraId("a")), Payload, Token);
        await Eventually.Async(() => Sequences().Count == 1 && spool.Health.WaitingMessages == 0, Deadline, Seen, Token);

        proxy.Stall();
        for (var index = 1; index < Messages; index++) await spool.AppendAsync(Own.Inspection(new CameraId("a")), Payload, Token);
        Assert.Equal(Messages - 1, spool.Health.WaitingMessages);
        proxy.Cut();
        await _broker.KillAsync();
        await Eventually.Async(() => _link!.State != LinkState.Connected, Deadline, Seen, Token);
        Assert.Equal(Messages - 1, spool.Health.WaitingMessages);

        await _broker.RestartAsync(Token);
        await WatchAsync();
        proxy.Restore();
        await Eventually.Async(() => spool.Health.WaitingMessages == 0 && Sequences().Distinct().Count() == Messages, Deadline, Seen, Token);
        await uplink.StopAsync(Token);
        Assert.Equal(Enumerable.Range(1, Messages).Select(sequence => (long)sequence), Sequences().Distinct());

        string Seen() => $"{Sequences().Distinct().Count()} of {Messages} arrived, {spool.Health.WaitingMessages} wait, link: {_link!.State} {_link.Problem}";
    }

    [Fact]
    public async Task A_message_the_broker_refuses_is_set_aside_and_the_others_pass()
    {
        await WatchAsync();
        StartLink();
        await using var spool = new SpoolLog(_folder["spool"], Device, 64 << 20, TimeProvider.System, NullLogger<SpoolLog>.Instance);
        using var uplink = new UplinkLoop(spool, _link!, TimeProvider.System, NullLogger<UplinkLoop>.Instance);
        await uplink.StartAsync(Token);
        await spool.AppendAsync(Own.Inspection(new CameraId("a")), Payload, Token);
        await spool.AppendAsync(new Topics(new SiteId("plant"), new DeviceId("cam-2")).Inspection(new CameraId("a")), Payload, Token);
        await spool.AppendAsync(Own.Inspection(new CameraId("a")), Payload, Token);
        await Eventually.Async(() => spool.Health.WaitingMessages == 0, Deadline, () => $"{spool.Health}, {_link!.Problem}", Token);
        await Eventually.Async(() => Sequences().Count == 2, Deadline, () => string.Join(',', Sequences()), Token);
        await uplink.StopAsync(Token);
        Assert.Equal([1L, 3L], Sequences());
        Assert.Contains("NotAuthorized", await File.ReadAllTextAsync(Directory.GetFiles(_folder["spool", "dead-letters"]).Single(), Token), StringComparison.Ordinal);
    }

    private static byte[] Payload(Origin origin) => System.Text.Encoding.UTF8.GetBytes(origin.Sequence.ToString(CultureInfo.InvariantCulture));

    private List<long> Sequences() =>
        [.. _atFleet.Where(message => message.Topic.Contains("/inspection/", StringComparison.Ordinal)).Select(message => long.Parse(message.Payload, CultureInfo.InvariantCulture))];

    private List<Connectivity> Statuses() =>
        [.. _atFleet.Where(message => message.Topic == Own.Status).Select(message => JsonSerializer.Deserialize(message.Payload, ContractsJson.Default.DeviceStatus)!.Connectivity)];

    private void StartLink(params int[] ports) => StartLink(ports, _broker.Authority.IssueDevice(Device));

    private void StartLink(IssuedCertificate certificate) => StartLink([], certificate);

    private void StartLink(int[] ports, IssuedCertificate certificate)
    {
        var files = certificate.Save(_folder["identity"], "device");
        var options = new LinkOptions
        {
            Brokers = [.. (ports.Length > 0 ? ports : [_broker.Port]).Select(port => string.Create(CultureInfo.InvariantCulture, $"mqtts://localhost:{port}"))],
            Ca = _broker.Authority.CertificatePath, Certificate = files.Certificate, Key = files.Key,
            LongestPause = TimeSpan.FromSeconds(0.5),
        };
        _link = new MqttFleetLink(options, new SiteId("plant"), Device, _inbox, () => new DeviceStatus(Device, Connectivity.Online, 1, "test"), () => 0.5,
            TimeProvider.System, NullLogger<MqttFleetLink>.Instance);
        _running = _link.RunAsync(_stopping.Token);
    }

    /// <summary>A fleet that hears everything, in a session the broker keeps.</summary>
    private async Task WatchAsync()
    {
        _fleet?.Dispose();
        _fleet = new MqttClientFactory().CreateMqttClient();
        _fleet.ApplicationMessageReceivedAsync += args =>
        {
            _atFleet.Enqueue((args.ApplicationMessage.Topic, args.ApplicationMessage.Payload.ToArray()));
            return Task.CompletedTask;
        };
        var options = new MqttClientOptionsBuilder().WithTcpServer("localhost", _broker.Port).WithClientId("fleet").WithCleanStart(false).WithSessionExpiryInterval(600)
            .WithTlsOptions(tls => tls.WithTrustChain([X509CertificateLoader.LoadCertificate(_broker.Authority.Certificate.RawData)])
                .WithRevocationMode(X509RevocationMode.NoCheck).WithClientCertificates([_broker.Authority.IssueClient(CertificateAuthority.FleetName).ToX509()]));
        await _fleet.ConnectAsync(options.Build(), Token);
        await _fleet.SubscribeAsync(Topics.Everything, MqttQualityOfServiceLevel.AtLeastOnce, Token);
    }

    private Task<MqttClientPublishResult> PublishAsync(string topic, byte[] payload, bool retain = false) =>
        _fleet!.PublishBinaryAsync(topic, payload, MqttQualityOfServiceLevel.AtLeastOnce, retain, Token);
}

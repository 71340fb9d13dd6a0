using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using CvOps.Agent.Link;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.Agent.Tests.Link;

/// <summary>The link to brokers of every kind it speaks to: nats-server with MQTT 3.1.1, mosquitto with either version, in web sockets too.</summary>
public sealed class LinkBrokerTests
{
    private const int Messages = 200;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nats_server_carries_messages_twins_and_the_last_will()
    {
        await using var broker = await NatsServer.StartAsync(Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        await WholeLifeAsync(broker.Host, broker.Port, LinkRig.Plain(LinkRig.Address("mqtt", proxy.Port)) with { Protocol = LinkOptions.Three }, proxy);
    }

    [Fact]
    public async Task Nats_server_killed_in_the_middle_loses_nothing_it_acknowledged()
    {
        await using var broker = await NatsServer.StartAsync(Token);
        var heard = new ConcurrentDictionary<int, int>();
        using var fleet = await FleetAsync(broker.Host, broker.Port, (topic, payload) =>
        {
            if (topic.Contains("/inspection/", StringComparison.Ordinal)) heard.AddOrUpdate(int.Parse(payload, CultureInfo.InvariantCulture), 1, (_, times) => times + 1);
        });
        await using var rig = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", broker.Port)) with { Protocol = LinkOptions.Three });
        await rig.ConnectedAsync();
        var sending = rig.SendAsync(0, 2000);
        await Eventually.Async(() => heard.Count > 300, LinkRig.Deadline, () => $"{heard.Count}", Token);
        await broker.RestartAsync(Token);
        await fleet.ReconnectAsync(Token);
        await fleet.SubscribeAsync(Topics.Everything, MqttQualityOfServiceLevel.AtLeastOnce, Token);
        await sending;
        await Eventually.Async(() => heard.Count == 2000, LinkRig.Deadline, () => $"{heard.Count}, {rig.Link.Problem}", Token);
    }

    [Fact]
    public async Task A_broker_that_knows_no_MQTT_5_is_told_in_a_sentence()
    {
        await using var broker = await NatsServer.StartAsync(Token);
        await using var rig = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", broker.Port)));
        await rig.ProblemAsync("set link: protocol: 3.1.1");
    }

    [Theory]
    [InlineData(LinkOptions.Three)]
    [InlineData(LinkOptions.Five)]
    public async Task Mosquitto_carries_messages_twins_and_the_last_will(string protocol)
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        await WholeLifeAsync(broker.Host, broker.Port, LinkRig.Plain(LinkRig.Address("mqtt", proxy.Port)) with { Protocol = protocol }, proxy);
    }

    [Fact]
    public async Task Mosquitto_in_a_web_socket_carries_the_same()
    {
        var port = TestProcess.FreePort();
        await using var broker = await WebSocketBroker.StartAsync(port, "", Token);
        await using var proxy = FaultProxy.Start(broker.Host, port);
        await WholeLifeAsync(broker.Host, broker.Port, LinkRig.Plain(LinkRig.Address("ws", proxy.Port)), proxy);
    }

    [Fact]
    public async Task A_secured_web_socket_believes_the_fleets_authority_alone()
    {
        using var folder = new TestFolder();
        using var authority = CertificateAuthority.Create(folder["ca"]);
        using var stranger = CertificateAuthority.Create(folder["stranger"]);
        var server = authority.IssueServer(["localhost"]).Save(folder.Path, "server");
        var own = authority.IssueDevice(LinkRig.Device).Save(folder.Path, "device");
        var port = TestProcess.FreePort();
        await using var broker = await WebSocketBroker.StartAsync(port,
            $"cafile {authority.CertificatePath}\ncertfile {server.Certificate}\nkeyfile {server.Key}\nrequire_certificate true\n", Token);
        File.Copy(stranger.CertificatePath, folder["ca.pem"]);
        await using var rig = new LinkRig(LinkRig.Plain(string.Create(CultureInfo.InvariantCulture, $"wss://localhost:{port}")) with { Ca = folder["ca.pem"], Certificate = own.Certificate, Key = own.Key });
        await rig.ProblemAsync("which is not the authority in link: ca");
        File.Copy(authority.CertificatePath, folder["ca.pem"], overwrite: true);
        await rig.ConnectedAsync();
        await rig.SendAsync(0, 50);
    }

    [Fact]
    public async Task A_user_and_a_password_open_a_broker_that_wants_them()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["password"], "wrong\n", Token);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder["password"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var tool = TestProcess.Start(TestProcess.Find("mosquitto_passwd") ?? "mosquitto_passwd", ["-c", "-b", folder["users"], "line", "secret"]);
        await tool.WaitForExitAsync(LinkRig.Deadline, Token);
        await using var broker = await TestBroker.StartWithAsync((port, _) => $"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {folder["users"]}\n", Token);
        await using var rig = new LinkRig(LinkRig.Plain(LinkRig.Address("mqtt", broker.Port)) with { User = "line", PasswordFile = folder["password"] });
        await rig.ProblemAsync("link: user and password-file");
        await File.WriteAllTextAsync(folder["password"], "secret\n", Token);
        await rig.ConnectedAsync();
    }

    /// <summary>Born, told what to be, telling what it sees, and dead.</summary>
    private static async Task WholeLifeAsync(string host, int port, LinkOptions options, FaultProxy proxy)
    {
        var said = new ConcurrentQueue<(string Topic, string Payload)>();
        using var fleet = await FleetAsync(host, port, (topic, payload) => said.Enqueue((topic, payload)));
        await fleet.PublishAsync(new MqttApplicationMessage
        {
            Topic = LinkRig.Own.TwinDesired, QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce, Retain = true,
            Payload = new(JsonSerializer.SerializeToUtf8Bytes(new TwinDesired { Version = 4 }, ContractsJson.Default.TwinDesired)),
        }, Token);
        await using var rig = new LinkRig(options);
        await rig.ConnectedAsync();
        Assert.Equal(4, (await rig.Inbox.NextDesiredAsync(0, Token).WaitAsync(LinkRig.Deadline, Token)).Version);
        await rig.SendAsync(0, Messages);
        await Eventually.Async(() => Numbers().Count() == Messages, LinkRig.Deadline, () => $"{Numbers().Count()}, {rig.Link.Problem}", Token);
        Assert.Equal(Enumerable.Range(0, Messages), Numbers());

        proxy.Cut();
        await Eventually.Async(() => said.Any(it => it.Topic == LinkRig.Own.Status && it.Payload.Contains("offline", StringComparison.OrdinalIgnoreCase)), LinkRig.Deadline, () => string.Join('\n', said.Where(it => it.Topic == LinkRig.Own.Status)), Token);
        proxy.Restore();
        await rig.ConnectedAsync();
        await rig.SendAsync(Messages, 10);

        IEnumerable<int> Numbers() => said.Where(it => it.Topic.Contains("/inspection/", StringComparison.Ordinal)).Select(it => int.Parse(it.Payload, CultureInfo.InvariantCulture));
    }

    private static async Task<IMqttClient> FleetAsync(string host, int port, Action<string, string> heard)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        client.ApplicationMessageReceivedAsync += args =>
        {
            heard(args.ApplicationMessage.Topic, args.ApplicationMessage.ConvertPayloadToString() ?? "");
            return Task.CompletedTask;
        };
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithProtocolVersion(MqttProtocolVersion.V311).WithTcpServer(host, port).WithClientId("fleet").WithCleanSession(false).Build(), Token);
        await client.SubscribeAsync(Topics.Everything, MqttQualityOfServiceLevel.AtLeastOnce, Token);
        return client;
    }
}

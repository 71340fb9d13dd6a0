using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts.Identity;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>MQTT in a web socket, plain and over TLS, against a real mosquitto.</summary>
public sealed class MqttWebSocketTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_of_every_size_pass_both_ways()
    {
        var port = TestProcess.FreePort();
        await using var broker = await WebSocketBroker.StartAsync(port, "", Token);
        using var client = await ConnectAsync($"ws://127.0.0.1:{port}/mqtt");
        var received = MqttBrokerTests.Collect(client);
        await client.SubscribeAsync("t", MqttQualityOfServiceLevel.ExactlyOnce, Token);
        // No larger ones: mosquitto 2.0 sends some 40 kB a second over a web socket, to whatever client, and 700 kB would take all of the deadline.
        var payloads = new[] { 0, 1, 125, 126, 4096, 65_535, 65_536, 70_000 }.Select(size => new string('x', size)).ToList();
        var results = await Task.WhenAll(payloads.Select(payload => client.PublishStringAsync("t", payload, MqttQualityOfServiceLevel.ExactlyOnce, false, Token))).WaitAsync(Deadline, Token);
        Assert.All(results, result => Assert.True(result.IsSuccess));
        await Eventually.Async(() => received.Count == payloads.Count, Deadline, () => $"{received.Count} messages", Token);
        Assert.Equal(payloads, received.Select(message => message.ConvertPayloadToString() ?? ""));
        await client.DisconnectAsync(cancellationToken: Token);
        Assert.False(client.IsConnected);
    }

    [Fact]
    public async Task A_broken_line_fails_what_waits_and_a_reconnect_goes_on()
    {
        var port = TestProcess.FreePort();
        await using var broker = await WebSocketBroker.StartAsync(port, "", Token);
        await using var proxy = FaultProxy.Start(broker.Host, port);
        using var client = await ConnectAsync($"ws://127.0.0.1:{proxy.Port}");
        proxy.Stall();
        var waiting = client.PublishStringAsync("t", "x", MqttQualityOfServiceLevel.AtLeastOnce, false, Token);
        proxy.Break();
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => waiting.WaitAsync(Deadline, Token));
        proxy.Restore();
        await Eventually.Async(() => !client.IsConnected, Deadline, () => "still connected", Token);
        await client.ReconnectAsync(Token);
        Assert.True((await client.PublishStringAsync("t", "x", MqttQualityOfServiceLevel.AtLeastOnce, false, Token)).IsSuccess);
    }

    [Fact]
    public async Task Over_TLS_both_sides_show_their_certificates()
    {
        using var folder = new TestFolder();
        using var authority = CertificateAuthority.Create(folder.Path);
        var server = authority.IssueServer(["localhost", "127.0.0.1"]).Save(folder.Path, "server");
        var port = TestProcess.FreePort();
        await using var broker = await WebSocketBroker.StartAsync(port, $"cafile {authority.CertificatePath}\ncertfile {server.Certificate}\nkeyfile {server.Key}\nrequire_certificate true\n", Token);
        using var own = authority.IssueClient("cam-1").ToX509();
        using var client = await ConnectAsync($"wss://localhost:{port}/mqtt", tls => tls.WithTrustChain([authority.Certificate]).WithRevocationMode(X509RevocationMode.NoCheck).WithClientCertificates([own]));
        Assert.True((await client.PublishStringAsync("t", "x", MqttQualityOfServiceLevel.AtLeastOnce, false, Token)).IsSuccess);

        using var strangers = new TestFolder();
        using var stranger = CertificateAuthority.Create(strangers.Path);
        var distrusted = await Assert.ThrowsAsync<MqttCommunicationException>(() => ConnectAsync($"wss://localhost:{port}/mqtt",
            tls => tls.WithTrustChain([stranger.Certificate]).WithRevocationMode(X509RevocationMode.NoCheck).WithClientCertificates([own])));
        Assert.Contains("is not trusted", distrusted.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => ConnectAsync($"wss://localhost:{port}/mqtt",
            tls => tls.WithTrustChain([authority.Certificate]).WithRevocationMode(X509RevocationMode.NoCheck)));
    }

    [Fact]
    public async Task A_server_that_speaks_no_web_sockets_and_one_that_is_absent_are_told_in_words()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => ConnectAsync($"ws://127.0.0.1:{broker.Port}"));
        var absent = await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => ConnectAsync($"ws://127.0.0.1:{TestProcess.FreePort()}"));
        Assert.Contains("No connection to ws://", absent.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new MqttClientWebSocketOptionsBuilder().WithUri("mqtt://host"));
    }

    private static async Task<IMqttClient> ConnectAsync(string uri, Action<MqttClientTlsOptionsBuilder>? tls = null)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        var options = new MqttClientOptionsBuilder().WithWebSocketServer(webSocket => webSocket.WithUri(uri)).WithTimeout(Deadline);
        if (tls is not null) options.WithTlsOptions(tls);
        await client.ConnectAsync(options.Build(), Token);
        return client;
    }
}

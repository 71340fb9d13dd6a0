using System.Security.Authentication;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>What the stand-in does on purpose beyond the original, against a real mosquitto.</summary>
public sealed class MqttCarefulTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_that_is_refused_for_its_certificate_is_told()
    {
        await using var broker = await TestBroker.StartTlsAsync(Token);
        using var folder = new TestFolder();
        using var stranger = CertificateAuthority.Create(folder.Path);
        foreach (var certificate in new[] { null, stranger.IssueDevice(new DeviceId("cam-1")) })
        {
            var refused = await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => MqttTlsTests.ConnectAsync(broker, certificate, SslProtocols.Tls13));
            Assert.Contains("certificate", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_server_that_is_not_trusted_is_named_with_the_reason()
    {
        await using var broker = await TestBroker.StartTlsAsync(Token);
        using var folder = new TestFolder();
        using var stranger = CertificateAuthority.Create(folder.Path);
        var device = broker.Authority.IssueDevice(new DeviceId("cam-1"));
        var unknown = await Assert.ThrowsAsync<MqttCommunicationException>(() => MqttTlsTests.ConnectAsync(broker, device, SslProtocols.Tls13, stranger.Certificate));
        Assert.Matches("is not trusted: .*(PartialChain|UntrustedRoot|NotSignatureValid)", unknown.Message);
        var misnamed = await Assert.ThrowsAsync<MqttCommunicationException>(() => MqttTlsTests.ConnectAsync(broker, device, SslProtocols.Tls13, name: "elsewhere.example"));
        Assert.Contains("for another name", misnamed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_found_out_by_the_ping_is_reported_as_such()
    {
        await using var broker = await TestBroker.StartAsync(cancellationToken: Token);
        await using var proxy = FaultProxy.Start(broker.Host, broker.Port);
        using var client = new MqttClientFactory().CreateMqttClient();
        Assert.Equal(MqttClientDisconnectReason.KeepAliveTimeout, await MqttBrokerTests.LostAsync(client, proxy));
    }

    [Fact]
    public async Task The_servers_limits_are_kept_to()
    {
        await using var broker = await TestBroker.StartAsync("max_packet_size 2000\nmax_inflight_messages 3", Token);
        using var client = await MqttBrokerTests.ConnectAsync(broker);
        await Assert.ThrowsAsync<MqttProtocolViolationException>(() => client.PublishBinaryAsync("a", new byte[3000], MqttQualityOfServiceLevel.AtLeastOnce, false, Token));
        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => client.PublishBinaryAsync("a", new byte[1000], MqttQualityOfServiceLevel.AtLeastOnce, false, Token)));
        Assert.All(results, result => Assert.True(result.IsSuccess));
        Assert.True(client.IsConnected);
    }
}

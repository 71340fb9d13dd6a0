using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace CvOps.Shared.Tests.Mqtt;

/// <summary>TLS, client certificates and a fleet's access list, against a real mosquitto.</summary>
public sealed class MqttTlsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_device_writes_its_own_topics_and_reads_nobody_elses(SslProtocols protocol)
    {
        await using var broker = await TestBroker.StartTlsAsync(Token);
        using var device = await ConnectAsync(broker, broker.Authority.IssueDevice(new DeviceId("cam-1")), protocol);
        using var fleet = await ConnectAsync(broker, broker.Authority.IssueClient(CertificateAuthority.FleetName), protocol);
        var atFleet = MqttBrokerTests.Collect(fleet);
        var atDevice = MqttBrokerTests.Collect(device);
        await fleet.SubscribeAsync(Topics.Everything, MqttQualityOfServiceLevel.AtLeastOnce, Token);
        await device.SubscribeAsync("cvops/v1/+/+/twin/desired", MqttQualityOfServiceLevel.AtLeastOnce, Token);
        await device.SubscribeAsync("cvops/v1/+/+/command/+", MqttQualityOfServiceLevel.AtLeastOnce, Token);

        var own = new Topics(new SiteId("plant"), new DeviceId("cam-1"));
        var other = new Topics(new SiteId("plant"), new DeviceId("cam-2"));
        string[] allowed = [own.Status, own.Health, own.Inspection(new CameraId("a")), own.Drift(new CameraId("a")), own.Frame(new CameraId("a"), "f1"), own.TwinReported, own.Response("r1")];
        string[] denied = [other.Status, other.Inspection(new CameraId("a")), own.TwinDesired, own.Command("ping"), "elsewhere"];
        foreach (var topic in allowed) Assert.True((await Publish(device, topic)).IsSuccess, topic);
        foreach (var topic in denied) Assert.Equal(MqttClientPublishReasonCode.NotAuthorized, (await Publish(device, topic)).ReasonCode);
        await Publish(fleet, other.TwinDesired);
        await Publish(fleet, own.TwinDesired);
        await Publish(fleet, own.Command("ping"));

        await Eventually.Async(() => atDevice.Count == 2 && atFleet.Count == allowed.Length + 3, TimeSpan.FromSeconds(10), () => $"{atDevice.Count} and {atFleet.Count}", Token);
        Assert.Equal([own.TwinDesired, own.Command("ping")], atDevice.Select(message => message.Topic));
    }

    [Fact]
    public async Task A_client_without_a_certificate_or_with_a_strangers_is_refused()
    {
        await using var broker = await TestBroker.StartTlsAsync(Token);
        using var folder = new TestFolder();
        using var stranger = CertificateAuthority.Create(folder.Path);
        foreach (var certificate in new[] { null, stranger.IssueDevice(new DeviceId("cam-1")) })
        {
            await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => ConnectAsync(broker, certificate, SslProtocols.Tls13));
            await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => ConnectAsync(broker, certificate, SslProtocols.Tls12));
        }
    }

    [Fact]
    public async Task A_server_of_another_authority_or_name_is_not_trusted()
    {
        await using var broker = await TestBroker.StartTlsAsync(Token);
        using var folder = new TestFolder();
        using var stranger = CertificateAuthority.Create(folder.Path);
        var device = broker.Authority.IssueDevice(new DeviceId("cam-1"));
        await Assert.ThrowsAsync<MqttCommunicationException>(() => ConnectAsync(broker, device, SslProtocols.Tls13, stranger.Certificate));
        await Assert.ThrowsAsync<MqttCommunicationException>(() => ConnectAsync(broker, device, SslProtocols.Tls13, name: "elsewhere.example"));
    }

    private static Task<MqttClientPublishResult> Publish(IMqttClient client, string topic) =>
        client.PublishStringAsync(topic, "{}", MqttQualityOfServiceLevel.AtLeastOnce, false, Token);

    internal static async Task<IMqttClient> ConnectAsync(
        TestBroker broker, IssuedCertificate? certificate, SslProtocols protocol, X509Certificate2? authority = null, string? name = null)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        using var trusted = X509CertificateLoader.LoadCertificate((authority ?? broker.Authority.Certificate).RawData);
        var options = new MqttClientOptionsBuilder().WithTcpServer("localhost", broker.Port).WithTlsOptions(tls =>
        {
            tls.WithTrustChain([trusted]).WithRevocationMode(X509RevocationMode.NoCheck).WithSslProtocols(protocol).WithTargetHost(name);
            if (certificate is not null) tls.WithClientCertificates([certificate.ToX509()]);
        });
        await client.ConnectAsync(options.Build(), Token);
        return client;
    }
}

using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CvOps.Shared.Tests.Identity;

/// <summary>The access list, as a real mosquitto understands it.</summary>
public sealed class BrokerAccessTests
{
    private static readonly Topics Own = new(new SiteId("plant"), new DeviceId("press-1"));
    private static readonly Topics Others = new(new SiteId("plant"), new DeviceId("press-2"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void The_access_list_for_a_host_of_its_own_is_the_one_the_code_writes() =>
        Assert.Equal(BrokerConfig.AccessList(), File.ReadAllText(TestData.InRepository("deploy", "cloud", "acl")));

    [Fact, Trait("tier", "integration")]
    public async Task A_device_writes_what_devices_write_under_its_own_name_and_nothing_else()
    {
        await using var broker = await TestBroker.StartTlsAsync(Token);
        await using var fleet = await TlsClient.ConnectAsync(broker, broker.Authority.IssueClient(CertificateAuthority.FleetName), "fleet");
        await using var device = await TlsClient.ConnectAsync(broker, broker.Authority.IssueDevice(new DeviceId("press-1")), "press-1");
        foreach (var kind in Enum.GetValues<TopicKind>())
        {
            var expected = TopicCatalog.Of(kind).Direction == TopicDirection.FromDevice;
            Assert.Equal((kind, expected), (kind, await device.MaySayAsync(Topic(Own, kind))));
            Assert.Equal((kind, false), (kind, await device.MaySayAsync(Topic(Others, kind))));
            Assert.Equal((kind, true), (kind, await fleet.MaySayAsync(Topic(Own, kind))));
        }
        foreach (var topic in new[] { "cvops/v1/plant/press-1/other", "cvops/v1/plant/press-1/status/more", "cvops/v1/press-1/status", "cvops/v2/plant/press-1/status", "elsewhere", "$SYS/broker/load" })
            Assert.Equal((topic, false), (topic, await device.MaySayAsync(topic)));
    }

    [Fact, Trait("tier", "integration")]
    public async Task A_device_hears_what_the_fleet_says_to_it_and_nothing_else_however_it_subscribes()
    {
        await using var broker = await TestBroker.StartTlsAsync(Token);
        await using var fleet = await TlsClient.ConnectAsync(broker, broker.Authority.IssueClient(CertificateAuthority.FleetName), "fleet");
        await using var device = await TlsClient.ConnectAsync(broker, broker.Authority.IssueDevice(new DeviceId("press-1")), "press-1");
        foreach (var filter in new[] { "#", "cvops/#", "cvops/v1/+/press-2/#", "$share/fleet/cvops/v1/+/+/#", "$SYS/#" }) await device.SubscribeAsync(filter);
        var last = Topic(Own, TopicKind.Command);
        foreach (var kind in Enum.GetValues<TopicKind>().Where(kind => kind != TopicKind.Command))
        {
            await fleet.MaySayAsync(Topic(Own, kind));
            await fleet.MaySayAsync(Topic(Others, kind));
        }
        await fleet.MaySayAsync(Topic(Others, TopicKind.Command));
        await fleet.MaySayAsync(last);
        await Eventually.Async(() => device.Heard.Contains(last), TimeSpan.FromSeconds(10), () => string.Join(' ', device.Heard), Token);
        Assert.Equal(TopicCatalog.All.Where(rule => rule.Direction == TopicDirection.ToDevice).Select(rule => Topic(Own, rule.Kind)).Order(), device.Heard.Distinct().Order());
    }

    [Fact, Trait("tier", "integration")]
    public async Task A_reader_hears_what_devices_say_and_says_nothing()
    {
        await using var broker = await TestBroker.StartTlsAsync(Token);
        await using var fleet = await TlsClient.ConnectAsync(broker, broker.Authority.IssueClient(CertificateAuthority.FleetName), "fleet");
        await using var reader = await TlsClient.ConnectAsync(broker, broker.Authority.IssueClient(CertificateAuthority.ReaderName), "reader");
        await reader.SubscribeAsync("cvops/#");
        var last = Topic(Others, TopicKind.Inspection);
        foreach (var kind in Enum.GetValues<TopicKind>())
        {
            Assert.Equal((kind, false), (kind, await reader.MaySayAsync(Topic(Own, kind))));
            await fleet.MaySayAsync(Topic(Own, kind));
        }
        await fleet.MaySayAsync(last);
        await Eventually.Async(() => reader.Heard.Contains(last), TimeSpan.FromSeconds(10), () => string.Join(' ', reader.Heard), Token);
        Assert.Equal(TopicCatalog.All.Where(rule => rule.IsForReaders).Select(rule => Topic(Own, rule.Kind)).Append(last).Order(), reader.Heard.Order());
    }

    [Theory, InlineData(CertificateAuthority.FleetName), InlineData(CertificateAuthority.ReaderName)]
    public void No_device_gets_a_name_that_may_more_than_a_device(string name)
    {
        using var folder = new TestFolder();
        using var authority = CertificateAuthority.Create(folder.Path);
        Assert.Throws<ArgumentException>(() => authority.IssueDevice(new DeviceId(name)));
    }

    private static string Topic(Topics of, TopicKind kind) => $"{Topics.Root}/plant/{(of == Own ? "press-1" : "press-2")}/{TopicCatalog.Of(kind).Filter.Replace("+", "x", StringComparison.Ordinal)}";
}

/// <summary>A client with a certificate, that tells what the broker thinks of it.</summary>
internal sealed class TlsClient : IAsyncDisposable
{
    private readonly IMqttClient _client = new MqttClientFactory().CreateMqttClient();

    public ConcurrentQueue<string> Heard { get; } = new();

    public static async Task<TlsClient> ConnectAsync(TestBroker broker, IssuedCertificate identity, string clientId)
    {
        var made = new TlsClient();
        made._client.ApplicationMessageReceivedAsync += received =>
        {
            made.Heard.Enqueue(received.ApplicationMessage.Topic);
            return Task.CompletedTask;
        };
        using var certificate = identity.ToX509();
        await made._client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port).WithClientId(clientId).WithProtocolVersion(MqttProtocolVersion.V500)
            .WithTlsOptions(tls => tls.UseTls().WithClientCertificates([certificate]).WithTrustChain([broker.Authority.Certificate]).WithRevocationMode(X509RevocationMode.NoCheck)).Build(), TestContext.Current.CancellationToken);
        return made;
    }

    /// <summary>Publishes with QoS 1.</summary>
    /// <returns>Whether the broker took it.</returns>
    public async Task<bool> MaySayAsync(string topic)
    {
        var result = await _client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload("x").WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), TestContext.Current.CancellationToken);
        return result.ReasonCode is MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers;
    }

    public Task SubscribeAsync(string filter) =>
        _client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter(filter, MqttQualityOfServiceLevel.AtLeastOnce).Build(), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _client.TryDisconnectAsync();
        _client.Dispose();
    }
}

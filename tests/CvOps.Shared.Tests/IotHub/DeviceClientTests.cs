using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;
using CvOps.Testing.IotHub;
using Microsoft.Azure.Devices.Client;
using Microsoft.Azure.Devices.Client.Exceptions;
using Microsoft.Azure.Devices.Client.Transport.Mqtt;
using Microsoft.Azure.Devices.Shared;

namespace CvOps.Shared.Tests.IotHub;

/// <summary>Hold for the published package as well.</summary>
public sealed class DeviceClientTests : IAsyncLifetime
{
    private const string Device = "press-1";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private FakeIotHub _hub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _hub = await FakeIotHub.StartAsync(cancellationToken: Token);

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task A_message_arrives_with_its_properties()
    {
        using var client = Client();
        await client.OpenAsync(Token);
        using var message = new Message(Encoding.UTF8.GetBytes("{\"a\":1}")) { ContentType = "application/json", ContentEncoding = "utf-8" };
        message.Properties["kind"] = "drift";
        message.Properties["odd"] = "a/b&c=d +#é";
        await client.SendEventAsync(message, Token);

        var arrived = Assert.Single(_hub.Messages);
        Assert.Equal((Device, "{\"a\":1}"), (arrived.Device, Encoding.UTF8.GetString(arrived.Body)));
        Assert.Equal(["$.ce=utf-8", "$.ct=application/json", "kind=drift", "odd=a/b&c=d +#é"], arrived.Properties.Select(it => $"{it.Key}={it.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_part_of_a_stream_is_a_body_too()
    {
        using var client = Client();
        await client.OpenAsync(Token);
        using var body = new MemoryStream(Encoding.UTF8.GetBytes("xx{}yy"), 2, 2, false);
        using var message = new Message(body);
        await client.SendEventAsync(message, Token);
        Assert.Equal("{}", Encoding.UTF8.GetString(Assert.Single(_hub.Messages).Body));
    }

    [Fact]
    public async Task A_wrong_key_is_unauthorized()
    {
        _hub.AddDevice(Device);
        using var client = Client(new DeviceAuthenticationWithRegistrySymmetricKey(Device, Convert.ToBase64String(new byte[32])));
        await Assert.ThrowsAsync<UnauthorizedException>(() => client.OpenAsync(Token));
    }

    [Fact]
    public async Task A_hub_of_an_unknown_authority_is_not_trusted()
    {
        _hub.AddDevice(Device);
        using var client = Client(new DeviceAuthenticationWithRegistrySymmetricKey(Device, Convert.ToBase64String(new byte[32])), (_, _, _, errors) => errors == SslPolicyErrors.None);
        await Assert.ThrowsAsync<AuthenticationException>(() => client.OpenAsync(Token));
    }

    [Fact]
    public async Task A_certificate_is_known_by_its_thumbprint()
    {
        using var folder = new TestFolder();
        using var authority = CertificateAuthority.Create(folder.Path);
        using var own = authority.IssueDevice(new DeviceId(Device)).ToX509();
        using var another = authority.IssueDevice(new DeviceId(Device)).ToX509();
        _hub.AddDevice(Device, own);
        using (var client = Client(new DeviceAuthenticationWithX509Certificate(Device, own)))
        {
            await client.OpenAsync(Token);
            Assert.True(_hub.IsConnected(Device));
        }
        using var stranger = Client(new DeviceAuthenticationWithX509Certificate(Device, another));
        await Assert.ThrowsAsync<UnauthorizedException>(() => stranger.OpenAsync(Token));
    }

    [Fact]
    public async Task A_hub_that_is_away_is_a_transient_error()
    {
        using var client = Client();
        _hub.GoAway();
        Assert.True((await Assert.ThrowsAsync<IotHubCommunicationException>(() => client.OpenAsync(Token))).IsTransient);
    }

    [Fact]
    public async Task The_twin_is_read_and_patched()
    {
        using var client = Client();
        await _hub.DesireAsync(Device, new JsonObject { ["model"] = "v2" });
        await client.OpenAsync(Token);
        var twin = await client.GetTwinAsync(Token);
        Assert.Equal((2, 1), (twin.Properties.Desired.Version, twin.Properties.Desired.Count));
        Assert.Equal("""{"model":"v2","$version":2}""", twin.Properties.Desired.ToJson());

        var patches = System.Threading.Channels.Channel.CreateUnbounded<TwinCollection>();
        await client.SetDesiredPropertyUpdateCallbackAsync((patch, _) => patches.Writer.WriteAsync(patch).AsTask(), null, Token);
        await _hub.DesireAsync(Device, new JsonObject { ["model"] = null, ["other"] = 1 });
        var patch = await patches.Reader.ReadAsync(Token).AsTask().WaitAsync(Deadline, Token);
        Assert.Equal((3L, """{"model":null,"other":1,"$version":3}"""), (patch.Version, patch.ToJson()));

        await client.UpdateReportedPropertiesAsync(new TwinCollection("""{"a":{"b":1,"c":2},"d":3}"""), Token);
        await client.UpdateReportedPropertiesAsync(new TwinCollection("""{"a":{"b":null},"d":4}"""), Token);
        Assert.Equal("""{"a":{"c":2},"d":4,"$version":3}""", _hub.Reported(Device).ToJsonString());
    }

    [Fact]
    public async Task A_throttled_or_refused_twin_request_says_so()
    {
        using var client = Client();
        await client.OpenAsync(Token);
        _hub.ThrottleTwins(1);
        await Assert.ThrowsAsync<IotHubThrottledException>(() => client.GetTwinAsync(Token));
        var refused = await Assert.ThrowsAsync<IotHubException>(() => client.UpdateReportedPropertiesAsync(new TwinCollection($$"""{"text":"{{new string('x', 5000)}}"}"""), Token));
        Assert.False(refused.IsTransient);
        Assert.Contains("400", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_direct_method_is_answered_whatever_the_handler_does()
    {
        using var client = Client();
        await client.OpenAsync(Token);
        await client.SetMethodDefaultHandlerAsync((request, context) => request.Name switch
        {
            "echo" => Task.FromResult(new MethodResponse(Encoding.UTF8.GetBytes(request.DataAsJson ?? "null"), (int)context!)),
            _ => throw new InvalidOperationException("nobody catches this"),
        }, 207, Token);
        Assert.Equal((207, """{"a":1}"""), await _hub.InvokeAsync(Device, "echo", """{"a":1}""", Deadline, Token));
        Assert.Equal((500, ""), await _hub.InvokeAsync(Device, "fail", "{}", Deadline, Token));
        Assert.Equal((400, ""), await _hub.InvokeAsync(Device, "echo", "no json", Deadline, Token));
    }

    [Fact]
    public async Task A_lost_connection_is_said_once_and_what_was_on_its_way_fails()
    {
        using var client = Client();
        var statuses = new System.Collections.Concurrent.ConcurrentQueue<(ConnectionStatus, ConnectionStatusChangeReason)>();
        client.SetConnectionStatusChangesHandler((status, reason) => statuses.Enqueue((status, reason)));
        await client.OpenAsync(Token);
        _hub.AckDelay = TimeSpan.FromMinutes(1);
        using var message = new Message("{}"u8.ToArray());
        var sending = client.SendEventAsync(message, Token);
        await Eventually.Async(() => _hub.Messages.Count == 1, Deadline, () => "no message", Token);
        _hub.BreakConnections();
        await Assert.ThrowsAsync<IotHubCommunicationException>(() => sending.WaitAsync(Deadline, Token));
        await Eventually.Async(() => statuses.Count == 2, Deadline, () => string.Join(", ", statuses), Token);
        Assert.Equal([(ConnectionStatus.Connected, ConnectionStatusChangeReason.Connection_Ok), (ConnectionStatus.Disconnected, ConnectionStatusChangeReason.Retry_Expired)], statuses);
    }

    private DeviceClient Client() => Client(Key(_hub.AddDevice(Device)));

    private DeviceClient Client(IAuthenticationMethod authentication, RemoteCertificateValidationCallback? trust = null)
    {
        var settings = new MqttTransportSettings(TransportType.Mqtt_Tcp_Only) { RemoteCertificateValidationCallback = trust ?? Trust };
        var client = DeviceClient.Create(_hub.HostName, authentication, [settings]);
        client.SetRetryPolicy(new NoRetry());
        return client;
    }

    private static DeviceAuthenticationWithRegistrySymmetricKey Key(string connectionString) => new(Device, connectionString.Split("SharedAccessKey=")[1]);

    private bool Trust(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 shown) return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.CustomTrustStore.ImportFromPemFile(_hub.AuthorityFile);
        return own.Build(shown) && shown.MatchesHostname(_hub.HostName);
    }
}

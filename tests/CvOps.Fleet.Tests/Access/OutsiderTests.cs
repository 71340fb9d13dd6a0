using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Twin;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;

namespace CvOps.Fleet.Tests.Access;

/// <summary>
/// Who does not belong gets nowhere, with a broker as <c>cvops up</c> configures it, and the audit log shows it. Stolen tokens are in <see cref="EnrolmentTests"/>,
/// commands that come past the access list in the agent's tests of commands.
/// </summary>
[Trait("tier", "integration")]
public sealed class OutsiderTests : IAsyncLifetime
{
    private FleetHost _fleet = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _fleet = await FleetHost.StartAsync(options =>
    {
        FleetHost.WithAuthority(options);
        options.BrokerLog = Path.Combine(options.Authority!, "mosquitto.log");
    }, ownListener: true);

    public ValueTask DisposeAsync() => _fleet is null ? ValueTask.CompletedTask : _fleet.DisposeAsync();

    [Fact]
    public async Task Without_a_certificate_nobody_comes_in()
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        await Assert.ThrowsAnyAsync<Exception>(() => client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(_fleet.Broker.Host, _fleet.Broker.Port).WithProtocolVersion(MqttProtocolVersion.V500)
            .WithTlsOptions(tls => tls.UseTls().WithTrustChain([_fleet.Broker.Authority.Certificate]).WithRevocationMode(X509RevocationMode.NoCheck)).Build(), Token));
        Assert.False(client.IsConnected);
        await LoggedAsync("127.0.0.1", "peer did not return a certificate");
    }

    [Fact]
    public async Task With_the_certificate_of_another_authority_nobody_comes_in()
    {
        using var folder = new TestFolder();
        using var foreign = CertificateAuthority.Create(folder.Path);
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => _fleet.ConnectAsync("press-1", foreign.IssueDevice(new DeviceId("press-1"))));
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => _fleet.ConnectAsync("fleet", foreign.IssueClient(CertificateAuthority.FleetName)));
        await LoggedAsync("127.0.0.1", "certificate verify failed");
    }

    [Fact]
    public async Task With_an_expired_certificate_nobody_comes_in()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var then = CertificateAuthority.Load(_fleet.Broker.Folder, new ManualTime(DateTimeOffset.UtcNow.AddHours(-12)));
        using var expired = then.Certify(DeviceRequest.Read(DeviceRequest.Make(new DeviceId("press-1"), key)), TimeSpan.FromHours(1));
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => _fleet.ConnectAsync("press-1", new IssuedCertificate(expired.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem())));
        await LoggedAsync("127.0.0.1", "certificate verify failed");
    }

    [Fact]
    public async Task Another_devices_certificate_speaks_and_hears_for_nobody_else_and_pushes_nobody_out()
    {
        await using var victim = await _fleet.ConnectAsync("press-1", await _fleet.EnrolledAsync("press-1"));
        await victim.SayOnlineAsync();
        // Under the victim's client id, as a thief of sessions would.
        await using var thief = await TestDevice.ConnectAsync(_fleet, victim.Id, 1, await _fleet.EnrolledAsync("press-2"), _fleet.Broker.Authority.Certificate);
        foreach (var rule in TopicCatalog.All)
            Assert.False(await thief.MaySendAsync($"{Topics.Root}/plant/press-1/{rule.Filter.Replace("+", "x", StringComparison.Ordinal)}"), rule.Filter);
        foreach (var filter in new[] { "#", victim.Topics.Commands, "$share/fleet/cvops/v1/#" }) await thief.SubscribeAsync(filter);
        victim.OnCommand = command => new CommandResponse(command.Id, victim.Id, true, "done");
        await FleetHost.UntilAsync(async () => (await _fleet.Http.GetAsync("devices/press-1", Token)).IsSuccessStatusCode, "the device is known");
        var answer = await _fleet.Http.PostAsJsonAsync("devices/press-1/commands", new CommandRequest("ping", null), ContractsJson.Default.CommandRequest, Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        Assert.True(victim.IsConnected);
        Assert.Null(thief.Last(victim.Topics.Command("ping")));
        await LoggedAsync("press-2", $"may not publish on {victim.Topics.Command("x")}");
    }

    [Fact]
    public async Task An_oversized_message_ends_the_connection_and_reaches_nobody()
    {
        var identity = await _fleet.EnrolledAsync("press-1");
        using var certificate = identity.ToX509();
        using var socket = new TcpClient();
        await socket.ConnectAsync(_fleet.Broker.Host, _fleet.Broker.Port, Token);
        await using var tls = new SslStream(socket.GetStream(), false, (_, server, _, _) => server?.Issuer == _fleet.Broker.Authority.Certificate.Subject);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", ClientCertificates = [certificate], EnabledSslProtocols = SslProtocols.None }, Token);
        await tls.WriteAsync(Connect("press-1"), Token);
        Assert.True(await tls.ReadAsync(new byte[256], Token) > 0);
        // Larger than the broker has said it takes: no honest client sends that.
        var topic = Encoding.UTF8.GetBytes("cvops/v1/plant/press-1/health");
        var packet = Packet(0x30, [0, (byte)topic.Length, .. topic, 0, .. new byte[Limits.MessageBytes + (1024 * 1024)]]);
        var ended = false;
        try
        {
            await tls.WriteAsync(packet, Token);
            ended = await EndsAsync(tls);
        }
        catch (IOException)
        {
            ended = true;
        }
        Assert.True(ended, "the broker went on listening");
        await LoggedAsync("press-1", "oversize packet");
        Assert.False((await _fleet.Http.GetAsync("devices/press-1", Token)).IsSuccessStatusCode);
    }

    private static async Task<bool> EndsAsync(SslStream tls)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(TimeSpan.FromSeconds(10));
        var buffer = new byte[256];
        while (await tls.ReadAsync(buffer, deadline.Token) > 0) { }
        return true;
    }

    /// <summary>MQTT 5, clean start, no properties.</summary>
    private static byte[] Connect(string clientId) => Packet(0x10, [0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 60, 0, 0, (byte)clientId.Length, .. Encoding.UTF8.GetBytes(clientId)]);

    private static byte[] Packet(byte kind, byte[] body)
    {
        var head = new List<byte> { kind };
        for (var left = body.Length; ; left >>= 7)
        {
            head.Add((byte)((left & 0x7F) | (left > 0x7F ? 0x80 : 0)));
            if (left <= 0x7F) return [.. head, .. body];
        }
    }

    private Task LoggedAsync(string who, string what) => FleetHost.UntilAsync(async () =>
        (await _fleet.AuditAsync()).Any(entry => entry is { Action: "broker.refused", By: "broker" } && entry.Subject == who && entry.Detail.Contains(what, StringComparison.Ordinal)),
        $"'{what}' of {who} in the audit log; the broker says {_fleet.Broker.Log[^Math.Min(2000, _fleet.Broker.Log.Length)..]}");
}

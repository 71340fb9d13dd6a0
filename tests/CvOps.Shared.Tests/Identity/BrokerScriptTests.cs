using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Exceptions;

namespace CvOps.Shared.Tests.Identity;

/// <summary>What deploy/cloud gives a host of its own, with a real mosquitto: its configuration, and the script that takes up revocations.</summary>
[Trait("tier", "integration")]
public sealed class BrokerScriptTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly TestFolder _folder = new();
    private readonly CertificateAuthority _authority;
    private readonly (int Devices, int Fleet) _ports = (TestProcess.FreePort(), TestProcess.FreePort());

    public BrokerScriptTests()
    {
        _authority = CertificateAuthority.Create(_folder["certificates"]);
        _authority.IssueServer(["localhost"]).Save(_folder["certificates"], "broker");
        Directory.CreateDirectory(_folder["data"]);
        Directory.CreateDirectory(_folder["revoked"]);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string List => _folder["revoked", "crl.pem"];

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_broker_waits_for_the_first_list_takes_up_the_next_and_ends_with_the_script()
    {
        Skip.Unless(TestProcess.Find("mosquitto") is not null, "mosquitto is not installed (apt-get install mosquitto).");
        using var identity = _authority.IssueDevice(new DeviceId("press-1")).ToX509();
        using var other = _authority.IssueDevice(new DeviceId("press-2")).ToX509();
        var path = $"{Path.GetDirectoryName(TestProcess.Find("mosquitto"))}:{Environment.GetEnvironmentVariable("PATH")}";
        await using var script = TestProcess.Start("sh", [TestData.InRepository("deploy", "cloud", "broker.sh"), Configure(), List, "0.2"], new Dictionary<string, string?> { ["PATH"] = path });
        await script.WaitForOutputAsync("waiting for", Deadline, Token);
        var (pem, time) = _authority.RevocationList([], 1);
        PemFile.WriteCertificate(List, pem);
        await Eventually.Async(() => ConnectsAsync(identity), Deadline, () => script.Output, Token);

        PemFile.WriteCertificate(List, _authority.RevocationList([(identity.SerialNumber, DateTimeOffset.UtcNow)], 2, time).Pem);
        await Eventually.Async(async () => !await ConnectsAsync(identity), Deadline, () => script.Output, Token);
        Assert.True(await ConnectsAsync(other), script.Output);
        Assert.Equal(0, await script.StopAsync(Deadline, Token));
        await Eventually.Async(async () => !await ConnectsAsync(other), Deadline, () => "the broker outlives its script", Token);
    }

    /// <summary>The committed file with this machine's paths and ports.</summary>
    private string Configure()
    {
        var text = File.ReadAllText(TestData.InRepository("deploy", "cloud", "mosquitto.conf"))
            .Replace("/certificates/", _folder["certificates"] + "/", StringComparison.Ordinal).Replace("/revoked/", _folder["revoked"] + "/", StringComparison.Ordinal)
            .Replace("/mosquitto/config/acl", TestData.InRepository("deploy", "cloud", "acl"), StringComparison.Ordinal).Replace("/mosquitto/data/", _folder["data"] + "/", StringComparison.Ordinal)
            .Replace("listener 8883", $"listener {_ports.Devices} 127.0.0.1", StringComparison.Ordinal).Replace("listener 8884", $"listener {_ports.Fleet} 127.0.0.1", StringComparison.Ordinal);
        var file = _folder["mosquitto.conf"];
        File.WriteAllText(file, text + "user root\n");
        return file;
    }

    private async Task<bool> ConnectsAsync(X509Certificate2 identity)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        try
        {
            await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("localhost", _ports.Devices).WithClientId("any")
                .WithTlsOptions(tls => tls.UseTls().WithClientCertificates([identity]).WithTrustChain([_authority.Certificate]).WithRevocationMode(X509RevocationMode.NoCheck)).Build(), Token);
            return true;
        }
        catch (MqttCommunicationException)
        {
            return false;
        }
        finally
        {
            await client.TryDisconnectAsync();
        }
    }
}

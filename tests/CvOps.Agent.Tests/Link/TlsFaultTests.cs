using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Agent.Link;
using CvOps.Contracts.Identity;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Link;

/// <summary>Everything that goes wrong with certificates and clocks: one sentence says what to do, and when it is done the link heals by itself.</summary>
public sealed class TlsFaultTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly TestFolder _folder = new();
    private CertificateAuthority _authority = null!;
    private CertificateAuthority _stranger = null!;
    private IssuedCertificate _served = null!;
    private TestBroker _broker = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _authority = CertificateAuthority.Create(_folder["authority"]);
        _stranger = CertificateAuthority.Create(_folder["stranger"]);
        _served = _authority.IssueServer(["localhost", "127.0.0.1"]);
        _broker = await TestBroker.StartWithAsync((port, folder) =>
        {
            var files = _served.Save(folder, "server");
            return $"listener {port} 127.0.0.1\ncafile {_authority.CertificatePath}\ncertfile {files.Certificate}\nkeyfile {files.Key}\nrequire_certificate true\nuse_identity_as_username true\n";
        }, Token);
        SaveOwn(_authority.IssueDevice(LinkRig.Device));
        File.Copy(_authority.CertificatePath, _folder["ca.pem"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null) await _broker.DisposeAsync();
        _authority.Dispose();
        _stranger.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_brokers_expired_certificate()
    {
        await ServeAsync(Server("localhost", Now.AddDays(-20), Now.AddDays(-10)));
        await using var rig = Rig();
        await rig.ProblemAsync("its certificate expired on", "renew the broker's certificate");
        await ServeAsync(_authority.IssueServer(["localhost"]));
        await rig.ConnectedAsync();
    }

    [Fact]
    public async Task A_broker_of_another_authority()
    {
        File.Copy(_stranger.CertificatePath, _folder["ca.pem"], overwrite: true);
        await using var rig = Rig();
        await rig.ProblemAsync("which is not the authority in link: ca", "needs the ca.pem of the fleet");
        File.Copy(_authority.CertificatePath, _folder["ca.pem"], overwrite: true);
        await rig.ConnectedAsync();
    }

    [Fact]
    public async Task A_broker_whose_certificate_is_for_another_host()
    {
        await ServeAsync(Server("elsewhere.example", Now.AddDays(-1), Now.AddDays(10)));
        await using var rig = Rig();
        await rig.ProblemAsync("its certificate is for 'elsewhere.example', not for 'localhost'", "link: brokers");
        await ServeAsync(_authority.IssueServer(["localhost"]));
        await rig.ConnectedAsync();
    }

    [Fact]
    public async Task A_device_whose_clock_is_behind()
    {
        var time = new SkewedTime { Skew = TimeSpan.FromDays(-4000) };
        await using var rig = Rig(time);
        await rig.ProblemAsync("is valid only from", "set the clock of this device");
        time.Skew = TimeSpan.Zero;
        await rig.ConnectedAsync();
    }

    [Fact]
    public async Task A_device_whose_clock_is_ahead()
    {
        var time = new SkewedTime { Skew = TimeSpan.FromDays(3000) };
        await using var rig = Rig(time);
        await rig.ProblemAsync("expired on", "set the clock of this device");
        time.Skew = TimeSpan.Zero;
        await rig.ConnectedAsync();
    }

    [Fact]
    public async Task A_devices_own_expired_certificate()
    {
        SaveOwn(Issue("CN=cam-1", null, Now.AddDays(-20), Now.AddDays(-10)));
        await using var rig = Rig();
        await rig.ProblemAsync("this device's certificate ('CN=cam-1') expired on", "cvops-agent enroll");
        SaveOwn(_authority.IssueDevice(LinkRig.Device));
        await rig.ConnectedAsync();
    }

    [Fact]
    public async Task A_device_of_another_fleet()
    {
        SaveOwn(_stranger.IssueDevice(LinkRig.Device));
        await using var rig = Rig();
        await rig.ProblemAsync("certificate", "cvops-agent enroll");
        SaveOwn(_authority.IssueDevice(LinkRig.Device));
        await rig.ConnectedAsync();
    }

    [Fact]
    public async Task A_broker_without_TLS()
    {
        await using var plain = await TestBroker.StartAsync(cancellationToken: Token);
        await using var rig = new LinkRig(Options() with { Brokers = [LinkRig.Address("mqtts", plain.Port)], Timeout = TimeSpan.FromSeconds(2) });
        await rig.ProblemAsync("No connection to mqtts://");
        Assert.NotEqual(LinkState.Connected, rig.Link.State);
    }

    private LinkOptions Options() => new()
    {
        Brokers = [$"mqtts://localhost:{_broker.Port}"], Ca = _folder["ca.pem"], Certificate = _folder["device.pem"], Key = _folder["device.key"], LongestPause = TimeSpan.FromSeconds(0.3),
    };

    private LinkRig Rig(TimeProvider? time = null) => new(Options(), time);

    private void SaveOwn(IssuedCertificate certificate) => certificate.Save(_folder.Path, "device");

    private Task ServeAsync(IssuedCertificate certificate)
    {
        _served = certificate;
        return _broker.RestartAsync(Token);
    }

    private IssuedCertificate Server(string name, DateTimeOffset from, DateTimeOffset to)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        return Issue($"CN={name}", names.Build(), from, to);
    }

    private IssuedCertificate Issue(string subject, X509Extension? names, DateTimeOffset from, DateTimeOffset to)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (names is not null) request.CertificateExtensions.Add(names);
        using var issuer = _authority.Certificate.GetECDsaPrivateKey()!;
        using var certificate = request.Create(_authority.Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer), from, to, [1, 2, 3, 4]);
        return new IssuedCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>A clock that is wrong, and a stopwatch that is right.</summary>
    private sealed class SkewedTime : TimeProvider
    {
        public TimeSpan Skew { get; set; }

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + Skew;
    }
}

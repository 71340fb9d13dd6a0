using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Agent.Configuration;
using CvOps.Agent.Enrolment;
using CvOps.Agent.Link;
using CvOps.Agent.Tests.Host;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Enrolment;

/// <summary>Renewal over a real broker: the link's time is real, the loop's is ours.</summary>
[Trait("tier", "integration")]
public sealed class RenewalTests : IAsyncLifetime
{
    private static readonly DeviceId Device = new("press-1");
    private static readonly Topics Topics = new(new SiteId("plant"), Device);

    private readonly TestFolder _folder = new();
    private readonly FleetInbox _inbox = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ManualTime _time = new(DateTimeOffset.UtcNow);
    private TestBroker _broker = null!;
    private FleetSide _fleet = null!;
    private AgentOptions _options = null!;
    private MqttFleetLink _link = null!;
    private RenewalLoop _loop = null!;
    private Task _running = Task.CompletedTask;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _broker = await TestBroker.StartTlsAsync(Token);
        _fleet = new FleetSide(_broker, Topics);
        await _fleet.ListenAsync(Token);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var files = new IssuedCertificate(Certify(DeviceRequest.Make(Device, key), TimeSpan.FromDays(30)), key.ExportPkcs8PrivateKeyPem()).Save(_folder["identity"], "device");
        _options = new AgentOptions
        {
            Site = new SiteId("plant"), Device = Device, Cameras = [],
            Link = new LinkOptions { Brokers = [$"mqtts://localhost:{_broker.Port}"], Ca = _broker.Authority.CertificatePath, Certificate = files.Certificate, Key = files.Key, LongestPause = TimeSpan.FromSeconds(0.5) },
        };
        StartLink();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        if (_loop is not null) await _loop.StopAsync(CancellationToken.None);
        _link?.Dispose();
        _fleet?.Dispose();
        if (_broker is not null) await _broker.DisposeAsync();
        _stopping.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_certificate_is_renewed_in_time_and_the_next_connection_shows_it()
    {
        await StartLoopAsync();
        Assert.Empty(Requests());
        var before = await File.ReadAllTextAsync(_options.Link.Key!, Token);
        var request = await DueAsync();
        using (var present = X509Certificate2.CreateFromPem(request.Certificate))
            Assert.True(EnrolmentProof.Holds(present.PublicKey.ExportSubjectPublicKeyInfo(), EnrolmentProof.ForRenewal(DeviceRequest.Read(request.Request).Der), request.Signature));
        var renewed = Certify(request.Request, TimeSpan.FromDays(60));
        await AnswerAsync(new CertificateAnswer(renewed, null));
        await AdvanceUntilAsync(() => File.ReadAllText(_options.Link.Certificate!) == renewed);
        Assert.NotEqual(before, await File.ReadAllTextAsync(_options.Link.Key!, Token));

        await _broker.RestartAsync(Token);
        await _fleet.ListenAsync(Token);
        await UntilAsync(() => _link.State == LinkState.Connected);
    }

    [Fact]
    public async Task What_is_not_the_answer_changes_nothing_and_it_is_asked_again_with_the_same_key()
    {
        using var elsewhere = new TestFolder();
        using var foreign = CertificateAuthority.Create(elsewhere.Path);
        using var otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await StartLoopAsync();
        var before = await File.ReadAllTextAsync(_options.Link.Certificate!, Token);
        var request = await DueAsync();
        CertificateAnswer[] wrong =
        [
            new(Certify(DeviceRequest.Make(Device, otherKey), TimeSpan.FromDays(60)), null),
            new(Foreign(foreign, request.Request), null),
            new(null, "It was given 5 certificates within a day."),
            new("nonsense", null),
        ];
        for (var i = 0; i < wrong.Length; i++)
        {
            await AnswerAsync(wrong[i]);
            await AdvanceUntilAsync(() => Requests().Count > i + 1);
            Assert.Equal(before, await File.ReadAllTextAsync(_options.Link.Certificate!, Token));
            Assert.Equal(DeviceRequest.Read(request.Request).KeyDigest, DeviceRequest.Read(Requests()[^1].Request).KeyDigest);
        }
        var renewed = Certify(Requests()[^1].Request, TimeSpan.FromDays(60));
        await AnswerAsync(new CertificateAnswer(renewed, null));
        await AdvanceUntilAsync(() => File.ReadAllText(_options.Link.Certificate!) == renewed);
    }

    private void StartLink()
    {
        _link = new MqttFleetLink(_options.Link, _options.Site, Device, _inbox, () => new DeviceStatus(Device, Connectivity.Online, 1, "test"), () => 0.5, TimeProvider.System, NullLogger<MqttFleetLink>.Instance);
        _running = _link.RunAsync(_stopping.Token);
    }

    private async Task StartLoopAsync()
    {
        await UntilAsync(() => _link.State == LinkState.Connected);
        _loop = new RenewalLoop(_options, new DeviceIdentity(_options.Link.Certificate!, _options.Link.Key!), _inbox, _link, _time, NullLogger<RenewalLoop>.Instance);
        await _loop.StartAsync(Token);
        await UntilAsync(() => _time.PendingTimers > 0);
    }

    /// <summary>Nineteen days: a third of thirty and of the day before is still left. Two more: less than that.</summary>
    private async Task<CertificateRenewal> DueAsync()
    {
        _time.Advance(TimeSpan.FromDays(19));
        await _fleet.BarrierAsync(Token);
        Assert.Empty(Requests());
        await AdvanceUntilAsync(() => Requests().Count > 0);
        return Requests()[0];
    }

    private async Task AdvanceUntilAsync(Func<bool> condition) => await Eventually.Async(() =>
    {
        if (!condition() && _time.PendingTimers > 0) _time.Advance(TimeSpan.FromHours(1));
        return condition();
    }, AgentRig.Deadline, () => _broker.Log, Token);

    private static Task UntilAsync(Func<bool> condition) => Eventually.Async(condition, AgentRig.Deadline, () => "", Token);

    private IReadOnlyList<CertificateRenewal> Requests() => _fleet.On(Topics.CertificateRequest, ContractsJson.Default.CertificateRenewal);

    private Task AnswerAsync(CertificateAnswer answer) => _fleet.SayAsync(Topics.Certificate, answer, ContractsJson.Default.CertificateAnswer, retain: false, Token);

    private string Certify(string request, TimeSpan lifetime)
    {
        using var certificate = _broker.Authority.Certify(DeviceRequest.Read(request), lifetime);
        return certificate.ExportCertificatePem();
    }

    private static string Foreign(CertificateAuthority authority, string request)
    {
        using var certificate = authority.Certify(DeviceRequest.Read(request), TimeSpan.FromDays(60));
        return certificate.ExportCertificatePem();
    }
}

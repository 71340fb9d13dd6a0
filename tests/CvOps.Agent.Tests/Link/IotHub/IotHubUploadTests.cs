using CvOps.Agent.Link;
using CvOps.Agent.Link.IotHub;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;
using CvOps.Testing.IotHub;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Agent.Tests.Link.IotHub;

/// <summary>What is too large for a message goes into the hub's storage.</summary>
[Trait("tier", "integration")]
public sealed class IotHubUploadTests : IAsyncLifetime
{
    private static readonly DeviceId Device = new("press-1");
    private static readonly Topics Own = new(new SiteId("plant"), Device);
    private static readonly string Frame = Own.Frame(new CameraId("a"), "f1");
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);

    private readonly TestFolder _folder = new();
    private readonly CancellationTokenSource _stopping = new();
    private FakeIotHub _hub = null!;
    private IotHubFleetLink _link = null!;
    private Task _running = Task.CompletedTask;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _hub = await FakeIotHub.StartAsync(files: true, Token);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _link?.Dispose();
        if (_hub is not null) await _hub.DisposeAsync();
        _stopping.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_large_frame_becomes_a_file_by_key_as_by_certificate(bool key)
    {
        await ConnectAsync(key ? WithKey() : WithCertificate());
        var (small, large) = (new byte[250_000], Payload(700_000));
        Assert.Equal(PublishVerdict.Acknowledged, (await SendAsync(small)).Verdict);
        Assert.Equal(PublishVerdict.Acknowledged, (await SendAsync(large)).Verdict);
        Assert.Equal(small, Assert.Single(_hub.Messages).Body);
        var file = Assert.Single(_hub.Files);
        Assert.Equal($"{Device}/frame/a/f1.json", file.Name);
        Assert.Equal(large, file.Body);
    }

    [Fact]
    public async Task A_message_of_the_largest_size_that_is_no_file_is_taken()
    {
        await ConnectAsync(WithKey());
        Assert.Equal(PublishVerdict.Acknowledged, (await SendAsync(Payload(HubMessages.MostBytes))).Verdict);
        Assert.Equal(PublishVerdict.Acknowledged, (await SendAsync(Payload(HubMessages.MostBytes + 1))).Verdict);
        Assert.Equal((1, 1), (_hub.Messages.Count, _hub.Files.Count));
    }

    [Fact]
    public async Task A_throttled_upload_is_to_be_sent_again_after_a_pause_and_then_goes()
    {
        await ConnectAsync(WithKey());
        _hub.ThrottleFiles(1);
        var outcome = await SendAsync(Payload(300_000));
        Assert.Equal(PublishVerdict.Unknown, outcome.Verdict);
        Assert.Contains("busy", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal(PublishVerdict.Acknowledged, (await SendAsync(Payload(300_000))).Verdict);
    }

    [Fact]
    public async Task A_hub_without_storage_refuses_a_large_frame_with_its_reason()
    {
        _hub.HasStorage = false;
        await ConnectAsync(WithKey());
        var outcome = await SendAsync(Payload(300_000));
        Assert.Equal(PublishVerdict.Refused, outcome.Verdict);
        Assert.Contains("no storage account", outcome.Reason, StringComparison.Ordinal);
    }

    private static byte[] Payload(int bytes) => [.. Enumerable.Range(0, bytes).Select(index => (byte)(index * 7))];

    private async Task<PublishOutcome> SendAsync(byte[] payload) => await _link.SendAsync(Frame, payload, 0, Token);

    private LinkOptions WithKey()
    {
        var path = _folder["iothub.connection"];
        PemFile.WriteKey(path, _hub.AddDevice(Device.Value));
        return new LinkOptions { Ca = _hub.AuthorityFile, Iothub = new IotHubOptions { ConnectionString = path } };
    }

    private LinkOptions WithCertificate()
    {
        using var authority = CertificateAuthority.Create(_folder["authority"]);
        var issued = authority.IssueDevice(Device);
        using (var own = issued.ToX509()) _hub.AddDevice(Device.Value, own);
        var files = issued.Save(_folder["identity"], "device");
        return new LinkOptions { Ca = _hub.AuthorityFile, Certificate = files.Certificate, Key = files.Key, Iothub = new IotHubOptions { Host = _hub.HostName } };
    }

    private async Task ConnectAsync(LinkOptions options)
    {
        _link = new IotHubFleetLink(options with { LongestPause = TimeSpan.FromSeconds(0.5) }, Device, new FleetInbox(), () => 0.5, TimeProvider.System, NullLogger<IotHubFleetLink>.Instance);
        _running = _link.RunAsync(_stopping.Token);
        await _link.WhenConnectedAsync(Token).WaitAsync(Deadline, Token);
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Access;
using CvOps.Fleet.Tests.Storage;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;
using MQTTnet.Exceptions;

namespace CvOps.Fleet.Tests.Access;

/// <summary>Certificates are taken back and renewed, with a real mosquitto.</summary>
[Trait("tier", "integration")]
public sealed class RevocationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_revoked_devices_connection_ends_and_it_does_not_come_back_while_others_stay()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        var thief = await fleet.EnrolledAsync("press-1");
        var good = await fleet.EnrolledAsync("press-2");
        await using var revoked = await fleet.ConnectAsync("press-1", thief);
        await using var stays = await fleet.ConnectAsync("press-2", good);
        var answer = await fleet.Http.PostAsJsonAsync("devices/press-1/revoke", new RevocationRequest("operator", "the box was stolen"), ContractsJson.Default.RevocationRequest, Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await fleet.Broker.ReloadAsync(Token);
        await FleetHost.UntilAsync(() => Task.FromResult(!revoked.IsConnected), "the revoked device is put out");
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => fleet.ConnectAsync("press-1", thief));
        Assert.True(stays.IsConnected);
        await stays.SayOnlineAsync();
        Assert.Contains(await fleet.AuditAsync(), entry => entry is { Action: "device.revoked", Subject: "press-1", By: "operator" } && entry.Detail.Contains("stolen", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Conflict, (await fleet.Http.PostAsJsonAsync("devices/press-1/revoke", new RevocationRequest("operator", "again"), ContractsJson.Default.RevocationRequest, Token)).StatusCode);
        // The list is public, for brokers on other machines.
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(fleet.Broker.Folder, "crl.pem"), Token), await fleet.Http.GetStringAsync("certificates/revoked.pem", Token));
    }

    [Fact]
    public async Task A_revocation_that_did_not_reach_the_list_gets_there_without_a_restart()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        await fleet.EnrolledAsync("press-1");
        var list = Path.Combine(fleet.Broker.Folder, "crl.pem");
        await FleetHost.UntilAsync(() => Task.FromResult(File.Exists(list)), "the first list");
        var before = await File.ReadAllTextAsync(list, Token);
        // As where the one that asked for it hung up, or the disk was full, between the revocation and its list.
        await fleet.Services.GetRequiredService<CertificateStore>().WriteAsync(connection => CertificateStore.Revoke(connection, new DeviceId("press-1"), null, "the box was stolen", DateTimeOffset.UtcNow), Token);
        await FleetHost.UntilAsync(async () => await File.ReadAllTextAsync(list, Token) != before, "the list has the revocation");
    }

    [Fact]
    public async Task What_is_not_in_the_audit_log_is_not_done()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        await fleet.EnrolledAsync("press-1");
        var full = await FailingTable.OfAsync(fleet, "audit");
        Assert.False(await RevokeAsync());
        Assert.False(await ReleaseAsync());
        Assert.All(await CertificatesAsync(), certificate => Assert.Null(certificate.RevokedAt));
        full.Heal();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal(HttpStatusCode.Forbidden, (await fleet.EnrolAsync(await fleet.TokenAsync(), "press-1", key)).Status);
        Assert.True(await RevokeAsync());
        Assert.True(await ReleaseAsync());
        Assert.All(await CertificatesAsync(), certificate => Assert.NotNull(certificate.RevokedAt));
        Assert.Single(await fleet.AuditAsync(), entry => entry.Action == "device.revoked");

        async Task<bool> RevokeAsync() =>
            (await fleet.Http.PostAsJsonAsync("devices/press-1/revoke", new RevocationRequest("operator", "stolen"), ContractsJson.Default.RevocationRequest, Token)).IsSuccessStatusCode;
        async Task<bool> ReleaseAsync() =>
            (await fleet.Http.PostAsJsonAsync("devices/press-1/release", new ReleaseRequest("operator", "new board"), ContractsJson.Default.ReleaseRequest, Token)).IsSuccessStatusCode;
        async Task<CertificateView[]> CertificatesAsync() => (await fleet.Http.GetFromJsonAsync("certificates?device=press-1", ContractsJson.Default.CertificateViewArray, Token))!;
    }

    [Fact]
    public async Task A_certificate_made_by_hand_can_be_revoked_when_it_lies_with_the_authority()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        var byHand = fleet.Broker.Authority.IssueDevice(new DeviceId("old-1"));
        byHand.Save(fleet.Broker.Folder, "old-1");
        await using var device = await fleet.ConnectAsync("old-1", byHand);
        await fleet.Http.PostAsJsonAsync("devices/old-1/revoke", new RevocationRequest("operator", "scrapped"), ContractsJson.Default.RevocationRequest, Token);
        await fleet.Broker.ReloadAsync(Token);
        await FleetHost.UntilAsync(() => Task.FromResult(!device.IsConnected), "the revoked device is put out");
        await Assert.ThrowsAnyAsync<MqttCommunicationException>(() => fleet.ConnectAsync("old-1", byHand));
    }

    [Fact]
    public async Task A_device_renews_with_the_key_it_has_and_gets_the_same_answer_when_it_asks_again()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        var present = await fleet.EnrolledAsync("press-1");
        await using var device = await fleet.ConnectAsync("press-1", present);
        using var next = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var renewed = await AskAsync(device, Renewal(present, "press-1", next));
        Assert.Null(renewed.Problem);
        Assert.Equal(renewed.Certificate, (await AskAsync(device, Renewal(present, "press-1", next))).Certificate);
        await using var again = await fleet.ConnectAsync("press-1", new IssuedCertificate(renewed.Certificate!, next.ExportPkcs8PrivateKeyPem()));
        Assert.Single(await fleet.AuditAsync(), entry => entry.Action == "device.renewed");
    }

    [Fact]
    public async Task No_renewal_without_the_present_key_or_for_another_or_with_a_revoked_certificate()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        var present = await fleet.EnrolledAsync("press-1");
        var others = await fleet.EnrolledAsync("press-2");
        await using var device = await fleet.ConnectAsync("press-1", present);
        using var next = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var elsewhere = new TestFolder();
        using var foreign = CertificateAuthority.Create(elsewhere.Path);
        await RefusedAsync("has not the key", Renewal(present with { KeyPem = others.KeyPem }, "press-1", next));
        await RefusedAsync("in the name of 'press-2'", Renewal(present, "press-2", next));
        await RefusedAsync("certificate of 'press-2'", Renewal(others, "press-1", next));
        await RefusedAsync("does not come from this fleet's authority", Renewal(foreign.IssueDevice(new DeviceId("press-1")), "press-1", next));
        await RefusedAsync("cannot be read", Renewal(present, "press-1", next) with { Request = "nonsense" });
        await RefusedAsync("too long", Renewal(present, "press-1", next) with { Certificate = new string('x', 10_000) });
        await fleet.Http.PostAsJsonAsync("devices/press-1/revoke", new RevocationRequest("operator", "stolen"), ContractsJson.Default.RevocationRequest, Token);
        // The broker has not read the list: it comes back in, and still gets nothing.
        await FleetHost.UntilAsync(() => Task.FromResult(!device.IsConnected), "the revoked device is put out");
        await using (var back = await fleet.ConnectAsync("press-1", present))
            await back.SendAsync(back.Topics.CertificateRequest, Renewal(present, "press-1", next), ContractsJson.Default.CertificateRenewal);
        await FleetHost.UntilAsync(async () => (await fleet.AuditAsync()).Any(entry => entry.Action == "device.renewal.refused" && entry.Detail.Contains("is revoked", StringComparison.Ordinal)), "the refusal is in the log");
        Assert.DoesNotContain(await fleet.AuditAsync(), entry => entry.Action == "device.renewed");

        async Task RefusedAsync(string part, CertificateRenewal request)
        {
            var answer = await AskAsync(device, request);
            Assert.Null(answer.Certificate);
            Assert.Contains(part, answer.Problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_certificate_that_ends_soon_is_on_the_front_page_and_a_device_that_asks_without_end_is_not_listened_to()
    {
        await using var fleet = await FleetHost.StartAsync(options =>
        {
            FleetHost.WithAuthority(options);
            options.CertificateLifetime = TimeSpan.FromDays(5);
        });
        var present = await fleet.EnrolledAsync("press-1");
        var overview = await fleet.Http.GetFromJsonAsync("fleet", ContractsJson.Default.FleetOverview, Token);
        Assert.Contains(overview!.NeedsAttention, item => item.Message.Contains("The certificate of press-1 ends", StringComparison.Ordinal));

        await using var device = await fleet.ConnectAsync("press-1", present);
        for (var i = 0; i < 60; i++) await device.SendAsync(device.Topics.CertificateRequest, new CertificateRenewal("nonsense", "nonsense", []), ContractsJson.Default.CertificateRenewal);
        await device.SendAsync(device.Topics.Response("last"), new CommandResponse("last", device.Id, true, "done"), ContractsJson.Default.CommandResponse);
        await FleetHost.UntilAsync(async () => (await fleet.AuditAsync()).Any(entry => entry.Action == "device.command.unasked"), "what came after is in the log");
        Assert.Equal(10, (await fleet.AuditAsync()).Count(entry => entry.Action == "device.renewal.refused"));
    }

    private static CertificateRenewal Renewal(IssuedCertificate present, string device, ECDsa next)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(present.KeyPem);
        var pem = DeviceRequest.Make(new DeviceId(device), next);
        return new CertificateRenewal(pem, present.CertificatePem, key.SignData(EnrolmentProof.ForRenewal(DeviceRequest.Read(pem).Der), HashAlgorithmName.SHA256));
    }

    private static async Task<CertificateAnswer> AskAsync(TestDevice device, CertificateRenewal request)
    {
        device.Forget(device.Topics.Certificate);
        await device.SendAsync(device.Topics.CertificateRequest, request, ContractsJson.Default.CertificateRenewal);
        await FleetHost.UntilAsync(() => Task.FromResult(device.Last(device.Topics.Certificate) is not null), "an answer came");
        return JsonSerializer.Deserialize(device.Last(device.Topics.Certificate)!, ContractsJson.Default.CertificateAnswer)!;
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;
using MQTTnet.Exceptions;

namespace CvOps.Fleet.Tests.Access;

/// <summary>Who gets in by a token, and who does not; through the API, with a real database and a real broker.</summary>
[Trait("tier", "integration")]
public sealed class EnrolmentTests : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _key.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task A_device_with_a_token_gets_a_certificate_the_broker_takes_and_the_secret_is_nowhere()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        var token = await fleet.TokenAsync();
        var (status, answer, said) = await fleet.EnrolAsync(token, "press-1", _key);
        Assert.True(status == HttpStatusCode.OK, said);
        Assert.Equal([fleet.Options.Broker], answer!.Brokers);
        await using var device = await fleet.ConnectAsync("press-1", new IssuedCertificate(answer.Certificate, _key.ExportPkcs8PrivateKeyPem()));
        await device.SayOnlineAsync();
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetAsync("devices/press-1", Token)).IsSuccessStatusCode, "the device is known");
        Assert.Contains(await fleet.AuditAsync(), entry => entry is { Action: "device.enrolled", Subject: "press-1" } && entry.Detail.Contains(token.Id, StringComparison.Ordinal));
        await fleet.StopFleetAsync();
        foreach (var file in Directory.EnumerateFiles(fleet.Options.Data, "fleet.db*"))
        {
            var bytes = await File.ReadAllBytesAsync(file, Token);
            Assert.False(bytes.AsSpan().IndexOf(token.Secret) >= 0 || bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(token.Text.Split('.')[1])) >= 0, file);
        }
    }

    [Fact]
    public async Task A_token_lets_in_as_many_as_it_says_and_a_lost_answer_is_given_again()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        var token = await fleet.TokenAsync();
        var first = (await fleet.EnrolAsync(token, "press-1", _key)).Answer!;
        Assert.Equal(first.Serial(), (await fleet.EnrolAsync(token, "press-1", _key)).Answer!.Serial());
        var (status, _, said) = await fleet.EnrolAsync(token, "press-2", _other);
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("used up", said, StringComparison.Ordinal);
        Assert.Contains(await fleet.AuditAsync(), entry => entry.Action == "device.enrolment.refused" && entry.Detail.Contains("press-2", StringComparison.Ordinal) && entry.Detail.Contains("used up", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bulk_token_used_at_once_by_many_lets_in_no_more_than_it_says()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        var token = await fleet.TokenAsync(new TokenRequest("operator", "a pallet", "press-*") { Uses = 3 });
        var answers = await Task.WhenAll(Enumerable.Range(1, 8).Select(async number =>
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return (await fleet.EnrolAsync(token, $"press-{number}", key)).Status;
        }));
        Assert.Equal(3, answers.Count(status => status == HttpStatusCode.OK));
        var list = await fleet.Http.GetFromJsonAsync("enrolment/tokens", ContractsJson.Default.TokenViewArray, Token);
        Assert.Equal((3, 3), (Assert.Single(list!).Uses, list![0].Used));
    }

    [Fact]
    public async Task A_stolen_token_takes_over_no_device_that_is_there_until_it_is_released()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        await fleet.EnrolledAsync("press-1");
        var stolen = await fleet.TokenAsync(new TokenRequest("operator", "for another") { Uses = 2 });
        var (status, _, said) = await fleet.EnrolAsync(stolen, "press-1", _key);
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("There is a device 'press-1' already", said, StringComparison.Ordinal);

        // Also a device that was let in by a certificate made by hand, and only spoke.
        await using (var device = await fleet.ConnectDeviceAsync("old-1"))
        {
            await device.SayOnlineAsync();
            await FleetHost.UntilAsync(async () => (await fleet.Http.GetAsync("devices/old-1", Token)).IsSuccessStatusCode, "the device is known");
        }
        Assert.Equal(HttpStatusCode.Forbidden, (await fleet.EnrolAsync(stolen, "old-1", _key)).Status);

        var released = await fleet.Http.PostAsJsonAsync("devices/press-1/release", new ReleaseRequest("operator", "new board"), ContractsJson.Default.ReleaseRequest, Token);
        Assert.Equal(HttpStatusCode.OK, released.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await fleet.EnrolAsync(stolen, "press-1", _key)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await fleet.EnrolAsync(stolen, "press-1", _other)).Status);
        // The former board's certificate is worth nothing any more.
        var certificates = await fleet.Http.GetFromJsonAsync("certificates?device=press-1", ContractsJson.Default.CertificateViewArray, Token);
        Assert.Equal([true, false], certificates!.OrderBy(it => it.IssuedAt).Select(it => it.RevokedAt is not null));
    }

    [Fact]
    public async Task A_token_made_to_replace_and_one_for_others_do_what_they_say()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        await fleet.EnrolledAsync("press-1");
        var others = await fleet.TokenAsync(new TokenRequest("operator", "welding", "weld-*") { Replace = true, Uses = 5 });
        Assert.Contains("is for 'weld-*'", (await fleet.EnrolAsync(others, "press-1", _key)).Said, StringComparison.Ordinal);
        var replaces = await fleet.TokenAsync(new TokenRequest("operator", "new board", "press-1") { Replace = true });
        Assert.Equal(HttpStatusCode.OK, (await fleet.EnrolAsync(replaces, "press-1", _key)).Status);
    }

    [Fact]
    public async Task A_device_that_comes_back_with_an_empty_disk_is_told_where_to_go_on_and_is_heard()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        var former = await fleet.EnrolledAsync("press-1");
        await using (var device = await TestDevice.ConnectAsync(fleet, new DeviceId("press-1"), 7, former, fleet.Broker.Authority.Certificate))
        {
            await device.SayOnlineAsync();
            for (var frame = 0; frame < 3; frame++) await device.SendAsync(device.Inspection(frame));
            await InspectionsAsync(3);
        }
        var replaces = await fleet.TokenAsync(new TokenRequest("operator", "new board", "press-1") { Replace = true });
        var answer = (await fleet.EnrolAsync(replaces, "press-1", _key)).Answer!;
        Assert.Equal(8, answer.LowestBoot);
        // Also where the first answer was lost.
        Assert.Equal(8, (await fleet.EnrolAsync(replaces, "press-1", _key)).Answer!.LowestBoot);
        // Whoever still holds the former certificate is put out under the device's name for some seconds: like an agent, the new one comes back.
        await FleetHost.UntilAsync(() => HeardAsync(answer), "the device with the empty disk is heard");
        await InspectionsAsync(4);

        Assert.Equal(1, (await fleet.EnrolAsync(await fleet.TokenAsync(), "press-2", _other)).Answer!.LowestBoot);

        async Task<bool> HeardAsync(EnrolmentAnswer given)
        {
            try
            {
                await using var fresh = await TestDevice.ConnectAsync(fleet, new DeviceId("press-1"), given.LowestBoot, new IssuedCertificate(given.Certificate, _key.ExportPkcs8PrivateKeyPem()), fleet.Broker.Authority.Certificate);
                await fresh.SendAsync(fresh.Inspection(0));
                return true;
            }
            catch (MqttCommunicationException)
            {
                return false;
            }
        }

        Task InspectionsAsync(long count) => FleetHost.UntilAsync(
            async () => (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, Token))!.Any(device => device.Id.Value == "press-1" && device.Inspections == count), $"{count} inspections are applied");
    }

    [Fact]
    public async Task Nobody_gets_in_without_the_secret_or_under_the_fleets_name_or_when_the_tokens_time_is_over()
    {
        var time = new ManualTime(DateTimeOffset.UtcNow);
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority, app => app.Services.AddSingleton<TimeProvider>(time));
        var token = await fleet.TokenAsync(new TokenRequest("operator", "a test") { Uses = 10 });
        var forged = EnrolmentToken.Create(fleet.Broker.Authority.Certificate, out _);
        Refused("does not let anybody in", await fleet.EnrolAsync(token, "press-1", _key, signer: forged));
        Refused("does not let anybody in", await fleet.EnrolAsync(forged, "press-1", _key));
        Refused("own name", await fleet.EnrolAsync(token, CertificateAuthority.FleetName, _key));
        var pem = DeviceRequest.Make(new DeviceId("press-1"), _key);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await fleet.EnrolAsync(new EnrolmentRequest(token.Id, pem[..^60], [1]))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await fleet.Http.PostAsync("enrolment", new StringContent("{}", Encoding.UTF8, "application/json"), Token)).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await fleet.Http.PostAsync("enrolment", new StringContent(new string(' ', 20_000), Encoding.UTF8, "application/json"), Token)).StatusCode);
        var revoked = await fleet.TokenAsync();
        await fleet.Http.PostAsJsonAsync($"enrolment/tokens/{revoked.Id}/revoke", new RevocationRequest("operator", "lost"), ContractsJson.Default.RevocationRequest, Token);
        Refused("was revoked", await fleet.EnrolAsync(revoked, "press-1", _key));
        time.Advance(TimeSpan.FromHours(25));
        Refused("expired", await fleet.EnrolAsync(token, "press-1", _key));
        Assert.True((await fleet.AuditAsync()).Count(entry => entry.Action == "device.enrolment.refused") >= 6);

        static void Refused(string part, (HttpStatusCode Status, EnrolmentAnswer? Answer, string Said) outcome)
        {
            Assert.Equal(HttpStatusCode.Forbidden, outcome.Status);
            Assert.Contains(part, outcome.Said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Whoever_guesses_is_not_listened_to_after_ten_tries_and_does_not_fill_the_log()
    {
        var time = new ManualTime(DateTimeOffset.UtcNow);
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority, app => app.Services.AddSingleton<TimeProvider>(time));
        var token = await fleet.TokenAsync();
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 15; i++) statuses.Add((await fleet.EnrolAsync(token, "press-1", _key, signer: EnrolmentToken.Create(fleet.Broker.Authority.Certificate, out _))).Status);
        Assert.Equal(10, statuses.Count(status => status == HttpStatusCode.Forbidden));
        Assert.Equal(5, statuses.Count(status => status == HttpStatusCode.TooManyRequests));
        Assert.Equal(10, (await fleet.AuditAsync()).Count(entry => entry.Action == "device.enrolment.refused"));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await fleet.EnrolAsync(token, "press-1", _key)).Status);
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(HttpStatusCode.OK, (await fleet.EnrolAsync(token, "press-1", _key)).Status);
    }

    [Fact]
    public async Task A_token_that_makes_no_sense_is_not_made()
    {
        await using var fleet = await FleetHost.StartAsync(FleetHost.WithAuthority);
        foreach (var bad in new TokenRequest[] { new("", "x"), new("operator", ""), new("operator", "x") { Uses = 0 }, new("operator", "x") { ValidHours = 0 }, new("operator", "x") { ValidHours = double.NaN }, new("operator", "x", "a/b") })
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await fleet.Http.PostAsJsonAsync("enrolment/tokens", bad, ContractsJson.Default.TokenRequest, Token)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.PostAsJsonAsync("enrolment/tokens/none/revoke", new RevocationRequest("operator", "x"), ContractsJson.Default.RevocationRequest, Token)).StatusCode);
    }

    [Fact]
    public async Task A_fleet_without_an_authority_says_so()
    {
        await using var fleet = await FleetHost.StartAsync();
        Assert.Equal(HttpStatusCode.Conflict, (await fleet.Http.PostAsJsonAsync("enrolment/tokens", new TokenRequest("operator", "x"), ContractsJson.Default.TokenRequest, Token)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await fleet.EnrolAsync(EnrolmentToken.Create(fleet.Broker.Authority.Certificate, out _), "press-1", _key)).Status);
    }
}

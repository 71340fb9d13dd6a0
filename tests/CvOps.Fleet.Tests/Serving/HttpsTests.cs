using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts.Identity;
using CvOps.Fleet.Serving;
using CvOps.Testing;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Fleet.Tests.Serving;

public sealed class HttpsTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly CertificateAuthority _authority;

    public HttpsTests() => _authority = CertificateAuthority.Create(_folder["authority"]);

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_fleet_speaks_https_to_whoever_trusts_its_authority_and_plain_http_to_nobody()
    {
        var files = Issue("https");
        await using var fleet = await FleetHost.StartAsync(options => (options.Http, options.HttpCertificate, options.HttpKey) = ("https://127.0.0.1:0", files.Certificate, files.Key), start: false);
        Assert.DoesNotContain(FleetOptionsValidation.Mistakes(fleet.Options), mistake => !mistake.StartsWith("Fleet:Cluster", StringComparison.Ordinal));
        await using var app = FleetApp.Build(fleet.Options);
        await app.StartAsync(TestContext.Current.CancellationToken);
        var address = new Uri(app.Urls.First());
        Assert.Equal("https", address.Scheme);
        using var trusting = Client(_authority.Certificate);
        Assert.Equal("ok\n", await trusting.GetStringAsync(new Uri(address, "/healthz"), TestContext.Current.CancellationToken));
        var page = await trusting.GetAsync(new Uri(address, "/sign-in"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);

        using var other = CertificateAuthority.Create(_folder["other"]);
        using var strange = Client(other.Certificate);
        await Assert.ThrowsAsync<HttpRequestException>(() => strange.GetStringAsync(new Uri(address, "/healthz"), TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => trusting.GetStringAsync(new Uri($"http://127.0.0.1:{address.Port}/healthz"), TestContext.Current.CancellationToken));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_renewed_certificate_is_shown_without_a_restart_and_a_damaged_one_is_not()
    {
        var files = Issue("https");
        var time = new ManualTime();
        var shown = new HttpsCertificate(new FleetOptions { HttpCertificate = files.Certificate, HttpKey = files.Key }, time, NullLogger<HttpsCertificate>.Instance);
        var first = Serial();
        Assert.Equal(SerialOf(files), first);

        var renewed = Issue("https-2");
        File.Copy(renewed.Certificate, files.Certificate, overwrite: true);
        time.Advance(TimeSpan.FromMinutes(1));
        // The key is still the former one: whoever renews replaces two files, one after the other.
        Assert.Equal(first, Serial());
        File.Copy(renewed.Key, files.Key, overwrite: true);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(SerialOf(renewed), Serial());
        Assert.NotEqual(first, Serial());

        File.WriteAllText(files.Certificate, "nothing");
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(SerialOf(renewed), Serial());

        string Serial()
        {
            var https = new HttpsConnectionAdapterOptions();
            shown.Serve(https);
            var handshake = new SslServerAuthenticationOptions { ServerCertificateSelectionCallback = (_, _) => throw new InvalidOperationException("the chain would be lost") };
            https.OnAuthenticate!(null!, handshake);
            Assert.Null(handshake.ServerCertificateSelectionCallback);
            return handshake.ServerCertificateContext!.TargetCertificate.SerialNumber;
        }
    }

    [Fact]
    public void What_cannot_be_shown_is_a_mistake_in_the_settings()
    {
        var (one, two) = (Issue("one"), Issue("two"));
        Assert.Collection(Mistakes(), mistake => Assert.StartsWith("--http-certificate is missing", mistake, StringComparison.Ordinal), mistake => Assert.StartsWith("--http-key is missing", mistake, StringComparison.Ordinal));
        Assert.Contains("cannot be shown", Assert.Single(Mistakes("--http-certificate", one.Certificate, "--http-key", two.Key)), StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Single(Mistakes("--http-certificate", _folder["none.pem"], "--http-key", two.Key)), StringComparison.Ordinal);
        Assert.Empty(Mistakes("--http-certificate", one.Certificate, "--http-key", one.Key));

        string[] Mistakes(params string[] more) =>
            [.. CommandLine.Read(["--http", "https://0.0.0.0:8443", .. more], _folder.Path).Mistakes.Where(mistake => mistake.Contains("--http", StringComparison.Ordinal))];
    }

    private IdentityFiles Issue(string name) => _authority.IssueServer(["127.0.0.1", "localhost"]).Save(_folder["certificates"], name);

    private static string SerialOf(IdentityFiles files)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(files.Certificate);
        return certificate.SerialNumber;
    }

    private static HttpClient Client(X509Certificate2 authority) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck },
        },
    });
}

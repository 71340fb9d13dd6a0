using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CvOps.Agent.Update.Fetch;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Link;

/// <summary>Packages over https from a fleet manager whose certificate the plant's own authority issued.</summary>
public sealed class FleetTrustTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly CertificateAuthority _authority;

    public FleetTrustTests() => _authority = CertificateAuthority.Create(_folder["authority"]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_authority_of_the_link_is_believed_for_the_host_it_names_and_nobody_else_is()
    {
        using var other = CertificateAuthority.Create(_folder["other"]);
        Assert.Equal("package", await FetchAsync(_authority.IssueServer(["localhost"]), _authority.CertificatePath));
        foreach (var (shown, trusted) in new (IssuedCertificate, string?)[]
        {
            (_authority.IssueServer(["localhost"]), null),
            (_authority.IssueServer(["localhost"]), other.CertificatePath),
            (_authority.IssueServer(["localhost"]), _folder["none.pem"]),
            (_authority.IssueServer(["elsewhere.example"]), _authority.CertificatePath),
            // A device's certificate makes no server.
            (_authority.IssueDevice(new DeviceId("localhost")), _authority.CertificatePath),
        })
            await Assert.ThrowsAsync<HttpRequestException>(() => FetchAsync(shown, trusted));
    }

    private static async Task<string> FetchAsync(IssuedCertificate shown, string? authority)
    {
        using var identity = shown.ToX509();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, identity);
        using var http = FetchServices.Client(TimeSpan.FromSeconds(5), authority);
        try
        {
            return await http.GetStringAsync(new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/"), Token);
        }
        finally
        {
            listener.Stop();
            await serving;
        }
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 identity)
    {
        try
        {
            using var client = await listener.AcceptTcpClientAsync(Token);
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(identity);
            var question = new byte[1024];
            _ = await tls.ReadAsync(question, Token);
            await tls.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\npackage"), Token);
        }
        catch (Exception e) when (e is IOException or SocketException or System.Security.Authentication.AuthenticationException or ObjectDisposedException)
        {
            // The client turned away, as some of these tests want it.
        }
    }
}

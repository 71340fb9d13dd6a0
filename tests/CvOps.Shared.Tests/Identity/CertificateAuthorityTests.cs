using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Identity;

public sealed class CertificateAuthorityTests
{
    [Fact]
    public void A_device_certificate_names_the_device_and_chains_to_the_authority()
    {
        using var folder = new TestFolder();
        using var authority = CertificateAuthority.Create(folder.Path);
        using var device = authority.IssueDevice(new DeviceId("line-1")).ToX509();
        using var loaded = CertificateAuthority.Load(folder.Path);

        Assert.Equal("CN=line-1", device.Subject);
        Assert.True(device.HasPrivateKey);
        var usages = device.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages;
        Assert.Equal("1.3.6.1.5.5.7.3.2", Assert.Single(usages.Cast<System.Security.Cryptography.Oid>()).Value);
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        chain.ChainPolicy.CustomTrustStore.Add(loaded.Certificate);
        Assert.True(chain.Build(device), string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
    }

    [Fact]
    public void A_server_certificate_holds_its_names_and_addresses()
    {
        using var folder = new TestFolder();
        using var authority = CertificateAuthority.Create(folder.Path);
        using var server = authority.IssueServer(["broker.example", "10.0.0.7"]).ToX509();
        Assert.True(server.MatchesHostname("broker.example"));
        Assert.True(server.MatchesHostname("10.0.0.7"));
        Assert.False(server.MatchesHostname("other.example"));
    }

    [Fact]
    public void Keys_are_for_their_owner_only()
    {
        using var folder = new TestFolder();
        using var authority = CertificateAuthority.Create(folder.Path);
        var files = authority.IssueDevice(new DeviceId("line-1")).Save(folder["device"], "device");
        if (OperatingSystem.IsWindows()) return;
        foreach (var key in new[] { files.Key, folder["ca.key"] }) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.DoesNotContain("PRIVATE", File.ReadAllText(authority.CertificatePath), StringComparison.Ordinal);
    }

    [Fact]
    public void No_device_gets_the_fleets_name_and_no_authority_is_replaced()
    {
        using var folder = new TestFolder();
        using var authority = CertificateAuthority.Create(folder.Path);
        Assert.Throws<ArgumentException>(() => authority.IssueDevice(new DeviceId("fleet")));
        Assert.Throws<IOException>(() => CertificateAuthority.Create(folder.Path));
    }
}

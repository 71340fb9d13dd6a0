using System.Security.Cryptography;
using CvOps.Agent.Enrolment;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Enrolment;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class DeviceIdentityTests : IDisposable
{
    private static readonly DeviceId Device = new("press-1");

    private readonly TestFolder _folder = new();
    private readonly CertificateAuthority _authority;
    private readonly DeviceIdentity _identity;

    public DeviceIdentityTests()
    {
        _authority = CertificateAuthority.Create(_folder["authority"]);
        _identity = new DeviceIdentity(Certificate, Key);
    }

    private string Certificate => _folder["identity", "device.pem"];

    private string Key => _folder["identity", "device.key"];

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_first_pair_is_installed_and_its_key_is_the_owners_alone()
    {
        Assert.Null(_identity.Load());
        using var key = _identity.OpenNextKey();
        using (var again = _identity.OpenNextKey()) Assert.Equal(key.ExportSubjectPublicKeyInfo(), again.ExportSubjectPublicKeyInfo());
        _identity.Install(Certify(key));
        using var loaded = _identity.Load();
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), loaded!.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Key));
        Assert.Equal(2, Directory.GetFiles(_folder["identity"]).Length);
    }

    [Fact]
    public void Wherever_a_change_is_cut_off_there_is_a_pair_that_belongs_together()
    {
        using var first = _identity.OpenNextKey();
        _identity.Install(Certify(first));
        using var second = _identity.OpenNextKey();
        var pem = Certify(second);

        // Before the certificate was whole: the present pair stands.
        _identity.Recover();
        Holds(first);
        // With both beside the present pair: the next one takes over.
        File.WriteAllText(Certificate + ".next", pem);
        _identity.Recover();
        Holds(second);

        // Between the two renames.
        using var third = _identity.OpenNextKey();
        File.WriteAllText(Certificate + ".next", Certify(third));
        File.Move(Key + ".next", Key, overwrite: true);
        Assert.Null(_identity.Load());
        _identity.Recover();
        Holds(third);

        // A certificate for a key that is not here, and one that is none, are thrown away.
        File.WriteAllText(Certificate + ".next", pem);
        _identity.Recover();
        Holds(third);
        File.WriteAllText(Certificate + ".next", "torn");
        _identity.Recover();
        Holds(third);
        Assert.Equal(2, Directory.GetFiles(_folder["identity"]).Length);

        void Holds(ECDsa key)
        {
            using var loaded = _identity.Load();
            Assert.Equal(key.ExportSubjectPublicKeyInfo(), loaded!.PublicKey.ExportSubjectPublicKeyInfo());
        }
    }

    [Fact]
    public void A_torn_next_key_is_made_anew()
    {
        using (_identity.OpenNextKey()) { }
        File.WriteAllText(Key + ".next", "-----BEGIN PRIVATE KEY-----\nMIG");
        using var key = _identity.OpenNextKey();
        _identity.Install(Certify(key));
        Assert.NotNull(_identity.Load());
    }

    [Fact]
    public void The_certificate_is_renewed_with_a_third_of_its_life_left()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(start.AddDays(60), RenewalRule.At(start, start.AddDays(90)));
    }

    private string Certify(ECDsa key)
    {
        using var certificate = _authority.Certify(DeviceRequest.Read(DeviceRequest.Make(Device, key)), TimeSpan.FromDays(30));
        return certificate.ExportCertificatePem();
    }
}

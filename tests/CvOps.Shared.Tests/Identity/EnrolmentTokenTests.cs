using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Identity;

public sealed class EnrolmentTokenTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly CertificateAuthority _authority;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public EnrolmentTokenTests() => _authority = CertificateAuthority.Create(_folder.Path);

    public void Dispose()
    {
        _key.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_token_survives_being_written_down_and_proves_what_only_its_holder_can()
    {
        var made = EnrolmentToken.Create(_authority.Certificate, out var publicKey);
        var token = EnrolmentToken.Parse($" {made.Text}\n");
        Assert.True(token.IsOf(_authority.Certificate));
        var request = DeviceRequest.Read(DeviceRequest.Make(new DeviceId("press-1"), _key));
        var signed = EnrolmentProof.ForToken(token.Id, request.Der);
        Assert.True(EnrolmentProof.Holds(publicKey, signed, token.Prove(request.Der)));
        Assert.False(EnrolmentProof.Holds(publicKey, EnrolmentProof.ForToken("another", request.Der), token.Prove(request.Der)));
        Assert.False(EnrolmentProof.Holds(publicKey, EnrolmentProof.ForRenewal(request.Der), token.Prove(request.Der)));
        Assert.False(EnrolmentProof.Holds(publicKey, signed, EnrolmentToken.Create(_authority.Certificate, out _).Prove(request.Der)));
        Assert.False(EnrolmentProof.Holds([1, 2, 3], signed, token.Prove(request.Der)));
        Assert.DoesNotContain(made.Text.Split('.')[1], made.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_is_of_one_authority()
    {
        using var elsewhere = new TestFolder();
        using var other = CertificateAuthority.Create(elsewhere.Path);
        Assert.False(EnrolmentToken.Create(_authority.Certificate, out _).IsOf(other.Certificate));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("abc.def.ghi")]
    [InlineData("a/b.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("abc.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAA")]
    public void What_is_no_token_is_not_repeated_in_the_refusal(string text)
    {
        var message = Assert.Throws<FormatException>(() => EnrolmentToken.Parse(text)).Message;
        Assert.Contains("no enrolment token", message, StringComparison.Ordinal);
        if (text.Length > 3) Assert.DoesNotContain(text, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_is_read_for_its_name_and_key_alone()
    {
        var request = DeviceRequest.Read(DeviceRequest.Make(new DeviceId("press-1"), _key));
        using var certificate = _authority.Certify(request, TimeSpan.FromDays(90));
        Assert.Equal("CN=press-1", certificate.Subject);
        Assert.Null(_authority.Problem(certificate));
        Assert.Equal(_key.ExportSubjectPublicKeyInfo(), certificate.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.DoesNotContain(certificate.Extensions, extension => extension is X509BasicConstraintsExtension { CertificateAuthority: true });
    }

    [Fact]
    public void A_request_that_is_none_says_so()
    {
        Refused("characters", new string('a', 5000));
        Refused("cannot be read", "-----BEGIN CERTIFICATE REQUEST-----\nMIHq\n-----END CERTIFICATE REQUEST-----");
        Refused("no device id", Pem("CN=press-1, O=somewhere", _key));
        Refused("no device id", Pem("CN=../press", _key));
        using var rsa = RSA.Create(2048);
        Refused("no ECDSA key", new CertificateRequest("CN=press-1", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem());
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Refused("P-256", Pem("CN=press-1", p384));
        // Signed by a key other than the one in it: the last byte of the signature is another.
        var der = DeviceRequest.Read(DeviceRequest.Make(new DeviceId("press-1"), _key)).Der;
        der[^1] ^= 1;
        Refused("cannot be read", PemEncoding.WriteString("CERTIFICATE REQUEST", der));

        static string Pem(string subject, ECDsa key) => new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        static void Refused(string part, string pem) => Assert.Contains(part, Assert.Throws<FormatException>(() => DeviceRequest.Read(pem)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_is_certified_under_the_fleets_name()
    {
        var request = DeviceRequest.Read(DeviceRequest.Make(new DeviceId(CertificateAuthority.FleetName), _key));
        Assert.Throws<ArgumentException>(() => _authority.Certify(request, TimeSpan.FromDays(1)));
    }

    [Fact]
    public void A_certificate_of_another_authority_an_expired_one_and_a_servers_are_no_devices()
    {
        using var elsewhere = new TestFolder();
        using var other = CertificateAuthority.Create(elsewhere.Path);
        using var foreign = other.IssueDevice(new DeviceId("press-1")).ToX509();
        Assert.Contains("does not come from this fleet's authority", _authority.Problem(foreign), StringComparison.Ordinal);
        using var server = _authority.IssueServer(["press-1"]).ToX509();
        Assert.Contains("does not come from this fleet's authority", _authority.Problem(server), StringComparison.Ordinal);
        using var expired = _authority.Certify(DeviceRequest.Read(DeviceRequest.Make(new DeviceId("press-1"), _key)), TimeSpan.FromDays(20));
        using var later = CertificateAuthority.Load(_folder.Path, new ManualTime(DateTimeOffset.UtcNow.AddDays(30)));
        Assert.Null(_authority.Problem(expired));
        Assert.Contains("good from", later.Problem(expired), StringComparison.Ordinal);
    }
}

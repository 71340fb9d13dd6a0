using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Packages;

public sealed class KeysTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TestFolder _folder = new();
    private readonly ECDsa _key = SigningKeys.Create();

    private string PackagePath => Path.Combine(_folder.Path, "steel.cvmodel");

    [Fact]
    public void A_key_survives_its_file_and_only_the_owner_may_read_it()
    {
        var path = Path.Combine(_folder.Path, "signer.key");
        SigningKeys.Save(_key, path);
        using var back = SigningKeys.Load(path);
        Assert.Equal(SigningKeys.KeyId(_key), SigningKeys.KeyId(back));
        SigningKeys.SavePublic(_key, Path.ChangeExtension(path, ".pem"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.ChangeExtension(path, ".pem")))), SigningKeys.Fingerprint(back));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_file_that_holds_no_signing_key_is_refused()
    {
        var path = Path.Combine(_folder.Path, "public.pem");
        SigningKeys.SavePublic(_key, path);
        Assert.Contains(path, Assert.Throws<PackageException>(() => SigningKeys.Load(path)).Message, StringComparison.Ordinal);
        Assert.Throws<PackageException>(() => SigningKeys.Load(Path.Combine(_folder.Path, "missing.pem")));
    }

    [Fact]
    public void A_package_is_believed_only_by_whoever_trusts_its_signer()
    {
        var trusted = Directory.CreateDirectory(Path.Combine(_folder.Path, "trusted")).FullName;
        PackageWriter.Write(PackagePath, PackageKit.Parts([1]), _key);
        Assert.Contains("no key is trusted here", Verify(TrustedKeys.Load(trusted)), StringComparison.Ordinal);

        using var other = SigningKeys.Create();
        SigningKeys.SavePublic(other, Path.Combine(trusted, "other.pem"));
        Assert.Contains($"is signed by unknown key {SigningKeys.KeyId(_key)}; trusted are {SigningKeys.KeyId(other)}", Verify(TrustedKeys.Load(trusted)), StringComparison.Ordinal);

        SigningKeys.SavePublic(_key, Path.Combine(trusted, "signer.pem"));
        Assert.Null(Verify(TrustedKeys.Load(trusted)));
    }

    [Fact]
    public void A_certificates_validity_limits_its_key()
    {
        var trusted = Directory.CreateDirectory(Path.Combine(_folder.Path, "trusted")).FullName;
        using var certificate = new CertificateRequest("CN=signer", _key, HashAlgorithmName.SHA256).CreateSelfSigned(Now.AddDays(-10), Now.AddDays(10));
        File.WriteAllText(Path.Combine(trusted, "signer.pem"), certificate.ExportCertificatePem());
        PackageWriter.Write(PackagePath, PackageKit.Parts([1]), _key);
        var keys = TrustedKeys.Load(trusted);

        Assert.Null(PackageVerifier.Verify(PackagePath, keys, Now).Reason);
        Assert.Contains("which expired on 2027-03-11", PackageVerifier.Verify(PackagePath, keys, Now.AddDays(11)).Reason, StringComparison.Ordinal);
        Assert.Contains("not valid before", PackageVerifier.Verify(PackagePath, keys, Now.AddDays(-11)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trusted_folder_with_a_file_that_is_no_public_key_is_refused()
    {
        var trusted = Directory.CreateDirectory(Path.Combine(_folder.Path, "trusted")).FullName;
        SigningKeys.Save(_key, Path.Combine(trusted, "oops.pem"));
        Assert.Contains("private key", Assert.Throws<PackageException>(() => TrustedKeys.Load(trusted)).Message, StringComparison.Ordinal);
        using var weak = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        File.WriteAllText(Path.Combine(trusted, "oops.pem"), weak.ExportSubjectPublicKeyInfoPem());
        Assert.Contains("not P-256", Assert.Throws<PackageException>(() => TrustedKeys.Load(trusted)).Message, StringComparison.Ordinal);
        Assert.Throws<PackageException>(() => TrustedKeys.Load(Path.Combine(_folder.Path, "nowhere")));
    }

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    private string? Verify(TrustedKeys keys) => PackageVerifier.Verify(PackagePath, keys, Now).Reason;
}

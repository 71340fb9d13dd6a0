using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Packages;

/// <summary>Signatures as the OpenSSF Model Signing specification 1.0 says, read here with nothing but its text in hand.</summary>
public sealed class SignatureTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TestFolder _folder = new();
    private readonly ECDsa _key = SigningKeys.Create();
    private readonly ECDsa _next = SigningKeys.Create();

    private string PackagePath => _folder["steel.cvmodel"];

    [Fact]
    public void A_signature_is_a_sigstore_bundle_around_an_oms_statement_of_every_other_entry()
    {
        PackageWriter.Write(PackagePath, PackageKit.Parts([5, 6, 7]), _key);
        var entries = Entries();
        var signature = entries[$"signatures/{SigningKeys.KeyId(_key)}.sig"];
        entries.Remove($"signatures/{SigningKeys.KeyId(_key)}.sig");
        using var bundle = JsonDocument.Parse(signature);
        var envelope = bundle.RootElement.GetProperty("dsseEnvelope");
        var payload = envelope.GetProperty("payload").GetBytesFromBase64();
        using var statement = JsonDocument.Parse(payload);
        var resources = statement.RootElement.GetProperty("predicate").GetProperty("resources").EnumerateArray()
            .Select(r => (Name: r.GetProperty("name").GetString()!, Digest: r.GetProperty("digest").GetString()!, Algorithm: r.GetProperty("algorithm").GetString())).ToArray();
        var serialization = statement.RootElement.GetProperty("predicate").GetProperty("serialization");

        Assert.Equal("application/vnd.dev.sigstore.bundle.v0.3+json", bundle.RootElement.GetProperty("mediaType").GetString());
        Assert.Equal(Sha256(Encoding.ASCII.GetBytes(_key.ExportSubjectPublicKeyInfoPem() + "\n")), bundle.RootElement.GetProperty("verificationMaterial").GetProperty("publicKey").GetProperty("hint").GetString());
        Assert.Equal("https://in-toto.io/Statement/v1", statement.RootElement.GetProperty("_type").GetString());
        Assert.Equal("https://model_signing/signature/v1.0", statement.RootElement.GetProperty("predicateType").GetString());
        Assert.Equal(("files", "sha256", false), (serialization.GetProperty("method").GetString(), serialization.GetProperty("hash_type").GetString(), serialization.GetProperty("allow_symlinks").GetBoolean()));
        Assert.Equal(entries.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => (e.Key, Sha256(e.Value), (string?)"sha256")), resources);
        var subject = Assert.Single(statement.RootElement.GetProperty("subject").EnumerateArray());
        Assert.Equal("steel-1.2", subject.GetProperty("name").GetString());
        Assert.Equal(Sha256([.. resources.SelectMany(r => Convert.FromHexString(r.Digest))]), subject.GetProperty("digest").GetProperty("sha256").GetString());

        byte[] signed = [.. Encoding.ASCII.GetBytes($"DSSEv1 28 application/vnd.in-toto+json {payload.Length} "), .. payload];
        Assert.True(_key.VerifyData(signed, envelope.GetProperty("signatures")[0].GetProperty("sig").GetBytesFromBase64(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    [Fact]
    public void A_second_signer_changes_the_digest_and_no_byte_of_what_is_signed()
    {
        var first = PackageWriter.Write(PackagePath, PackageKit.Parts([5, 6, 7]), _key);
        var before = Entries();
        var second = PackageWriter.Sign(PackagePath, _next, only: false);

        Assert.NotEqual(first, second);
        Assert.Equal(second, Sha256(File.ReadAllBytes(PackagePath)));
        Assert.Equal(new[] { _key, _next }.Select(SigningKeys.KeyId).Order(StringComparer.Ordinal), PackageReader.Open(PackagePath).KeyIds);
        var after = Entries();
        foreach (var (name, bytes) in before) Assert.Equal(bytes, after[name]);
        foreach (var key in (ECDsa[])[_key, _next])
        {
            var verdict = PackageVerifier.Verify(PackagePath, PackageKit.Trust(key), Now);
            Assert.Equal((VerifyOutcome.Believed, SigningKeys.KeyId(key)), (verdict.Outcome, verdict.KeyId));
        }
    }

    [Fact]
    public void Signing_twice_with_one_key_leaves_one_signature_and_signing_only_leaves_no_other()
    {
        PackageWriter.Write(PackagePath, PackageKit.Parts([5, 6, 7]), _key);
        PackageWriter.Sign(PackagePath, _key, only: false);
        Assert.Equal([SigningKeys.KeyId(_key)], PackageReader.Open(PackagePath).KeyIds);
        PackageWriter.Sign(PackagePath, _next, only: true);
        Assert.Equal([SigningKeys.KeyId(_next)], PackageReader.Open(PackagePath).KeyIds);
        Assert.Equal(VerifyOutcome.UnknownKey, PackageVerifier.Verify(PackagePath, PackageKit.Trust(_key), Now).Outcome);
    }

    [Fact]
    public void A_wrong_signature_of_a_trusted_key_is_refused_though_another_one_is_right()
    {
        PackageWriter.Write(PackagePath, PackageKit.Parts([5, 6, 7]), _key);
        PackageWriter.Sign(PackagePath, _next, only: false);
        var bytes = File.ReadAllBytes(PackagePath);
        var other = _folder["other.cvmodel"];
        PackageWriter.Write(other, PackageKit.Parts([5, 6, 7]), _key);
        PackageWriter.Sign(other, _next, only: false);
        var trusted = PackageKit.Trust(_key).Add(_next);
        Assert.Equal(VerifyOutcome.Believed, PackageVerifier.Verify(other, trusted, Now).Outcome);

        foreach (var key in (ECDsa[])[_key, _next])
        {
            var broken = SignatureBundle.Create([1], key) with { Statement = SignatureBundle.Parse(Entries()[PackageNames.Signature(SigningKeys.KeyId(key))]).Statement };
            PackageKit.WriteStored(other, [.. Entries().Select(e => (e.Key, e.Key == PackageNames.Signature(SigningKeys.KeyId(key)) ? broken.ToJson() : e.Value))]);
            var verdict = PackageVerifier.Verify(other, trusted, Now);
            Assert.Equal(VerifyOutcome.Damaged, verdict.Outcome);
            Assert.Contains($"the signature is not by key {SigningKeys.KeyId(key)}", verdict.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(bytes, File.ReadAllBytes(PackagePath));
    }

    [Fact]
    public void More_signers_than_allowed_are_refused()
    {
        PackageWriter.Write(PackagePath, PackageKit.Parts([1]), _key);
        for (var i = 1; i < Limits.PackageSignatures; i++)
        {
            using var another = SigningKeys.Create();
            PackageWriter.Sign(PackagePath, another, only: false);
        }

        var digest = PackageReader.Open(PackagePath).Digest;
        Assert.Contains("would have 9 signatures", Assert.Throws<PackageException>(() => PackageWriter.Sign(PackagePath, _next, only: false)).Message, StringComparison.Ordinal);
        Assert.Equal(digest, PackageReader.Open(PackagePath).Digest);
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    public void Dispose()
    {
        _key.Dispose();
        _next.Dispose();
        _folder.Dispose();
    }

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private Dictionary<string, byte[]> Entries()
    {
        using var zip = ZipFile.OpenRead(PackagePath);
        return zip.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var stream = entry.Open();
            var bytes = new byte[entry.Length];
            stream.ReadExactly(bytes);
            return bytes;
        });
    }
}

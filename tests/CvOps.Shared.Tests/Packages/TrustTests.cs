using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Packages;

public sealed class TrustTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TestFolder _folder = new();
    private readonly ECDsa _old = SigningKeys.Create();
    private readonly ECDsa _new = SigningKeys.Create();
    private readonly string _trusted;

    public TrustTests()
    {
        _trusted = Directory.CreateDirectory(_folder["trusted"]).FullName;
        SigningKeys.SavePublic(_old, Path.Combine(_trusted, "old.pem"));
        SigningKeys.SavePublic(_new, Path.Combine(_trusted, "new.pem"));
        PackageWriter.Write(PackagePath, PackageKit.Parts([1]), _old);
    }

    private string PackagePath => _folder["steel.cvmodel"];

    private string OldId => SigningKeys.KeyId(_old);

    [Fact]
    public void A_revoked_key_is_refused_with_its_reason_whatever_the_clock_says()
    {
        Trust(new TrustDocument { Version = 1, Issued = Now, Revoked = Revoked("laptop stolen.") });
        foreach (var now in (DateTimeOffset[])[Now, Now.AddYears(-3), DateTimeOffset.UnixEpoch, Now.AddYears(50)])
        {
            var verdict = PackageVerifier.Verify(PackagePath, TrustedKeys.Load(_trusted), now);
            Assert.Equal(VerifyOutcome.Revoked, verdict.Outcome);
            Assert.Contains($"is signed by key {OldId}, which was revoked: laptop stolen (since 2027-02-01 00:00Z).", verdict.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_revoked_key_whose_file_is_gone_still_tells_why()
    {
        Trust(new TrustDocument { Version = 1, Issued = Now, Revoked = Revoked("left the company") });
        File.Delete(Path.Combine(_trusted, "old.pem"));
        Assert.Equal(VerifyOutcome.Revoked, Verify(Now).Outcome);
    }

    [Fact]
    public void A_package_signed_by_old_and_new_key_outlives_the_old_one()
    {
        PackageWriter.Sign(PackagePath, _new, only: false);
        Trust(new TrustDocument { Version = 1, Issued = Now, Revoked = Revoked("rotated") });
        var verdict = Verify(Now);
        Assert.Equal((VerifyOutcome.Believed, SigningKeys.KeyId(_new)), (verdict.Outcome, verdict.KeyId));
    }

    [Fact]
    public void A_key_counts_from_its_first_moment_until_just_before_its_last()
    {
        Trust(new TrustDocument { Version = 1, Issued = Now.AddYears(-1), Keys = Terms(new KeyTerms("line signer", Now, Now.AddDays(1))) });
        Assert.Equal(VerifyOutcome.NotYetValid, Verify(Now.AddTicks(-1)).Outcome);
        Assert.Contains("is not valid before 2027-03-01 12:00Z (the clock here shows 2027-03-01 11:59Z)", Verify(Now.AddTicks(-1)).Reason, StringComparison.Ordinal);
        Assert.Equal(VerifyOutcome.Believed, Verify(Now).Outcome);
        Assert.Equal(VerifyOutcome.Believed, Verify(Now.AddDays(1).AddTicks(-1)).Outcome);
        Assert.Contains("expired on 2027-03-02 12:00Z (the clock here shows 2027-03-02 12:00Z)", Verify(Now.AddDays(1)).Reason, StringComparison.Ordinal);
        Assert.Equal("line signer", TrustedKeys.Load(_trusted).NameOf(OldId));
    }

    [Fact]
    public void A_certificate_and_the_document_both_limit_a_key()
    {
        SigningKeys.SaveCertificate(_old, "old", Now.AddDays(-5), Now.AddDays(5), Path.Combine(_trusted, "old.pem"));
        SigningKeys.SavePublic(_old, Path.Combine(_trusted, "same-key-bare.pem"));
        Trust(new TrustDocument { Version = 1, Issued = Now.AddYears(-1), Keys = Terms(new KeyTerms(NotBefore: Now.AddDays(-9), NotAfter: Now.AddDays(2))) });
        Assert.Equal(VerifyOutcome.NotYetValid, Verify(Now.AddDays(-6)).Outcome);
        Assert.Equal(VerifyOutcome.Believed, Verify(Now.AddDays(1)).Outcome);
        Assert.Equal(VerifyOutcome.Expired, Verify(Now.AddDays(3)).Outcome);
    }

    [Fact]
    public void A_clock_that_was_never_set_lets_nothing_in_that_depends_on_it_and_says_what_to_do()
    {
        Trust(new TrustDocument { Version = 1, Issued = Now, Keys = Terms(new KeyTerms(NotBefore: Now.AddYears(-80), NotAfter: Now.AddYears(1))) });
        foreach (var wrong in (DateTimeOffset[])[DateTimeOffset.UnixEpoch, Limits.EarliestClock.AddTicks(-1), Now.AddDays(-2)])
        {
            var verdict = Verify(wrong);
            Assert.Equal(VerifyOutcome.ClockNotSet, verdict.Outcome);
            Assert.Contains("set the clock and try again", verdict.Reason, StringComparison.Ordinal);
        }

        // The machine that issued the document may be somewhat ahead.
        Assert.Equal(VerifyOutcome.Believed, Verify(Now.AddHours(-23)).Outcome);
    }

    [Fact]
    public void A_key_without_validity_needs_no_clock()
    {
        Assert.Equal(VerifyOutcome.Believed, Verify(DateTimeOffset.UnixEpoch).Outcome);
        Assert.Equal(VerifyOutcome.Believed, Verify(Now.AddYears(200)).Outcome);
    }

    [Fact]
    public void What_came_in_before_runs_on_when_its_key_expires_is_revoked_or_the_clock_is_lost()
    {
        var digest = PackageReader.Open(PackagePath).Digest;
        Trust(new TrustDocument { Version = 1, Issued = Now, Revoked = Revoked("stolen") });
        Assert.Equal(digest, PackageVerifier.Recheck(PackagePath, digest).Digest);
        Assert.Contains("was revoked", PackageVerifier.Judge(PackageVerifier.Recheck(PackagePath, digest), TrustedKeys.Load(_trusted), DateTimeOffset.UnixEpoch).Reason, StringComparison.Ordinal);

        var other = PackageWriter.Sign(PackagePath, _new, only: false);
        Assert.Contains(other, Assert.Throws<PackageException>(() => PackageVerifier.Recheck(PackagePath, digest)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_folder_that_is_put_back_is_refused()
    {
        var memory = new TrustMemory(_folder["trust-version"]);
        memory.Load(_trusted);
        Trust(new TrustDocument { Version = 3, Issued = Now });
        memory.Load(_trusted);
        Assert.Equal(3, memory.Load(_trusted).Version);

        Trust(new TrustDocument { Version = 2, Issued = Now });
        Assert.Contains("has version 2, and version 3 was seen here before", Assert.Throws<PackageException>(() => memory.Load(_trusted)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(_trusted, TrustedKeys.DocumentName));
        Assert.Contains("has no trust.json, and version 3", Assert.Throws<PackageException>(() => memory.Load(_trusted)).Message, StringComparison.Ordinal);
        Trust(new TrustDocument { Version = 4, Issued = Now });
        Assert.Equal(4, memory.Load(_trusted).Version);
    }

    [Theory]
    [InlineData("""{"version":1,"issued":"2027-01-01T00:00:00Z","revokd":{}}""", "revokd")]
    [InlineData("""{"version":0,"issued":"2027-01-01T00:00:00Z"}""", "versions begin at 1")]
    [InlineData("""{"issued":"2027-01-01T00:00:00Z"}""", "version")]
    [InlineData("""{"version":1,"issued":"2027-01-01T00:00:00Z","format":2}""", "form 2")]
    [InlineData("""{"version":1,"issued":"2027-01-01T00:00:00Z","revoked":{"me":{"since":"2027-01-01T00:00:00Z","reason":"x"}}}""", "'me' is no key id")]
    [InlineData("""{"version":1,"issued":"2027-01-01T00:00:00Z","revoked":{"0123456789abcdef":{"since":"2027-01-01T00:00:00Z","reason":" "}}}""", "gives no reason")]
    [InlineData("""{"version":1,"issued":"2027-01-01T00:00:00Z","keys":{"0123456789abcdef":{"notBefore":"2027-01-02T00:00:00Z","notAfter":"2027-01-01T00:00:00Z"}}}""", "ends before it begins")]
    [InlineData("""{"version":1,"issued":"yesterday"}""", "issued")]
    [InlineData("", "no trust document")]
    [InlineData("null", "null")]
    [InlineData("[]", "no trust document")]
    public void A_document_with_a_mistake_lets_no_key_count(string json, string because)
    {
        File.WriteAllText(Path.Combine(_trusted, TrustedKeys.DocumentName), json);
        var message = Assert.Throws<PackageException>(() => TrustedKeys.Load(_trusted)).Message;
        Assert.Contains("so no key is believed", message, StringComparison.Ordinal);
        Assert.Contains(because, message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _old.Dispose();
        _new.Dispose();
        _folder.Dispose();
    }

    private VerifyResult Verify(DateTimeOffset now) => PackageVerifier.Verify(PackagePath, TrustedKeys.Load(_trusted), now);

    private Dictionary<string, KeyRevocation> Revoked(string reason) => new() { [OldId] = new KeyRevocation(new DateTimeOffset(2027, 2, 1, 0, 0, 0, TimeSpan.Zero), reason) };

    private Dictionary<string, KeyTerms> Terms(KeyTerms terms) => new() { [OldId] = terms };

    private void Trust(TrustDocument document) =>
        File.WriteAllBytes(Path.Combine(_trusted, TrustedKeys.DocumentName), JsonSerializer.SerializeToUtf8Bytes(document, ContractsJson.Default.TrustDocument));
}

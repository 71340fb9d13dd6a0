using System.IO.Compression;
using System.Text;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Packages;

/// <summary>Zips that somebody else made, with the worst of intentions.</summary>
public sealed class ForeignZipTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string PackagePath => Path.Combine(_folder.Path, "foreign.cvmodel");

    [Fact]
    public void A_missing_file_and_one_that_is_no_zip_are_refused()
    {
        Assert.Contains("cannot be read", Refused(), StringComparison.Ordinal);
        File.WriteAllText(PackagePath, "not a zip, and long enough to have had a header");
        Assert.Contains("no model package", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_compressed_entry_is_refused_before_anything_is_inflated()
    {
        using (var zip = ZipFile.Open(PackagePath, ZipArchiveMode.Create))
        using (var entry = zip.CreateEntry(PackageNames.Onnx, CompressionLevel.SmallestSize).Open())
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 64; i++) entry.Write(zeros);
        }

        Assert.True(new FileInfo(PackagePath).Length < 1 << 20);
        Assert.Contains("not written by the CvOps packer", Refused(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("golden/../../x.f32")]
    [InlineData("golden/a/b.f32")]
    [InlineData("extra.json")]
    [InlineData("signature.json")]
    [InlineData("signatures/../../../x.sig")]
    [InlineData("signatures/0123456789ABCDEF.sig")]
    public void A_name_with_no_place_in_a_package_is_refused(string name)
    {
        WriteStored((name, [1]));
        Assert.Contains("has no place in a package", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_twice_or_out_of_order_are_refused()
    {
        WriteStored((PackageNames.Golden, [1]), (PackageNames.Golden, [2]));
        Assert.Contains("holds golden.json twice", Refused(), StringComparison.Ordinal);
        WriteStored((PackageNames.Onnx, [1]), (PackageNames.Golden, [2]));
        Assert.Contains("does not stand in order", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void More_entries_than_allowed_are_refused()
    {
        WriteStored([.. Enumerable.Range(0, Limits.PackageEntries + 1).Select(i => ($"golden/{i:D4}.f32", new byte[4]))]);
        Assert.Contains("more than the 256 entries", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_without_a_signature_is_called_unsigned()
    {
        WriteStored((PackageNames.Golden, [1]), (PackageNames.Manifest, [2]));
        Assert.Contains("is unsigned", PackageVerifier.Verify(PackagePath, new TrustedKeys(), DateTimeOffset.UnixEpoch).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_without_a_required_entry_is_refused()
    {
        WriteStored((PackageNames.Golden, [1]), (PackageNames.Signature("0123456789abcdef"), "{}"u8.ToArray()));
        Assert.Contains("has no manifest.json", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_nobody_signed_and_an_altered_one_are_named()
    {
        using var key = SigningKeys.Create();
        PackageWriter.Write(PackagePath, PackageKit.Parts([1, 2, 3]), key);
        var entries = Entries();
        WriteStored([.. entries.Append(("golden/9.f32", new byte[4])).OrderBy(e => e.Item1, StringComparer.Ordinal)]);
        Assert.Contains("golden/9.f32, which its signed statement does not list", Refused(), StringComparison.Ordinal);
        WriteStored([.. entries.Select(e => e.Name == PackageNames.Onnx ? (e.Name, [3, 2, 1]) : e)]);
        Assert.Contains("was altered: model.onnx is not what was signed", PackageVerifier.Verify(PackagePath, PackageKit.Trust(key), DateTimeOffset.UnixEpoch).Reason, StringComparison.Ordinal);
        WriteStored([.. entries.Where(e => e.Name != "golden/0.0.f32")]);
        Assert.Contains("lacks golden/0.0.f32", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_envelope_signed_over_again_by_its_forger_is_refused()
    {
        using var key = SigningKeys.Create();
        using var forger = SigningKeys.Create();
        PackageWriter.Write(PackagePath, PackageKit.Parts([6, 6, 6]), forger);
        var signature = Entries().Single(e => PackageNames.IsSignature(e.Name));
        var forged = Encoding.ASCII.GetString(signature.Bytes).Replace(SigningKeys.Fingerprint(forger), SigningKeys.Fingerprint(key), StringComparison.Ordinal);
        WriteStored([.. Entries().Where(e => e.Name != signature.Name), (PackageNames.Signature(SigningKeys.KeyId(key)), Encoding.ASCII.GetBytes(forged))]);
        var result = PackageVerifier.Verify(PackagePath, PackageKit.Trust(key), DateTimeOffset.UnixEpoch);
        Assert.Null(result.Package);
        Assert.Contains("the signature is not by key", result.Reason, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Refused() => Assert.Throws<PackageException>(() => PackageReader.Open(PackagePath)).Message;

    private List<(string Name, byte[] Bytes)> Entries()
    {
        using var zip = ZipFile.OpenRead(PackagePath);
        return [.. zip.Entries.Select(entry =>
        {
            using var stream = entry.Open();
            var bytes = new byte[entry.Length];
            stream.ReadExactly(bytes);
            return (entry.FullName, bytes);
        })];
    }

    private void WriteStored(params (string Name, byte[] Bytes)[] entries) => PackageKit.WriteStored(PackagePath, entries);
}

using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Shared.Tests.Statistics;
using CvOps.Testing;
using FsCheck.Fluent;

namespace CvOps.Shared.Tests.Packages;

public sealed class PackageTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TestFolder _folder = new();
    private readonly ECDsa _key = SigningKeys.Create();

    private string PackagePath => Path.Combine(_folder.Path, "steel.cvmodel");

    [Fact]
    public void What_is_written_is_read_back_and_believed() => Check.Property(
        Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().Where(b => b.Length > 0),
        onnx =>
        {
            var parts = PackageKit.Parts(onnx);
            var digest = PackageWriter.Write(PackagePath, parts, _key);
            var (package, reason, keyId, _) = PackageVerifier.Verify(PackagePath, PackageKit.Trust(_key), Now);
            return reason is null && keyId == SigningKeys.KeyId(_key) && package!.Digest == digest
                && digest == Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(PackagePath)))
                && package.Onnx.Span.SequenceEqual(onnx)
                && parts.Tensors.All(t => package.Entry(t.Key).Span.SequenceEqual(t.Value.Span))
                && Text(package.Manifest) == Text(parts.Manifest) && package.Lineage == parts.Lineage
                && package.Profile.Histograms[Covariates.Brightness].Counts.SequenceEqual([1L, 1, 1]) && package.Golden.Vectors[0].Decoded.Confidence == 0.75;
        },
        tests: 20);

    [Fact]
    public void One_flipped_bit_anywhere_is_refused()
    {
        PackageWriter.Write(PackagePath, PackageKit.Parts([1, 2, 3, 4]), _key);
        var (whole, trusted) = (File.ReadAllBytes(PackagePath), PackageKit.Trust(_key));
        var changed = Path.Combine(_folder.Path, "changed.cvmodel");
        var random = new Random(1);
        for (var at = 0; at < whole.Length; at++)
        {
            var bytes = (byte[])whole.Clone();
            bytes[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(changed, bytes);
            var result = PackageVerifier.Verify(changed, trusted, Now);
            Assert.True(result.Package is null && result.Reason!.EndsWith('.'), $"Byte {at} of {whole.Length} was changed and the verdict was: {result.Reason ?? "believed"}");
        }
    }

    [Fact]
    public void A_package_that_was_cut_or_added_to_is_refused()
    {
        PackageWriter.Write(PackagePath, PackageKit.Parts([1, 2, 3, 4]), _key);
        var whole = File.ReadAllBytes(PackagePath);
        var changed = Path.Combine(_folder.Path, "changed.cvmodel");
        for (var length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(changed, whole[..length]);
            Assert.Throws<PackageException>(() => PackageReader.Open(changed));
        }

        File.WriteAllBytes(changed, [.. whole, 0]);
        Assert.Throws<PackageException>(() => PackageReader.Open(changed));
    }

    [Fact]
    public void The_same_parts_give_the_same_bytes_but_for_the_signature()
    {
        var second = Path.Combine(_folder.Path, "second.cvmodel");
        PackageWriter.Write(PackagePath, PackageKit.Parts([1, 2, 3]), _key);
        PackageWriter.Write(second, PackageKit.Parts([1, 2, 3]), _key);
        using var first = ZipFile.OpenRead(PackagePath);
        using var other = ZipFile.OpenRead(second);
        Assert.Equal(first.Entries.Select(e => (e.FullName, e.Crc32)).Where(e => !PackageNames.IsSignature(e.FullName)), other.Entries.Select(e => (e.FullName, e.Crc32)).Where(e => !PackageNames.IsSignature(e.FullName)));
        Assert.Equal(first.Entries.Select(e => e.FullName).Order(StringComparer.Ordinal), first.Entries.Select(e => e.FullName));
    }

    [Fact]
    public void Any_zip_tool_opens_a_package()
    {
        PackageWriter.Write(PackagePath, PackageKit.Parts([5, 6, 7]), _key);
        using var zip = ZipFile.OpenRead(PackagePath);
        Assert.Equal(8, zip.Entries.Count);
        using var onnx = zip.GetEntry(PackageNames.Onnx)!.Open();
        var bytes = new byte[3];
        onnx.ReadExactly(bytes);
        Assert.Equal([5, 6, 7], bytes);
    }

    [Fact]
    public void A_file_that_changes_after_it_was_opened_is_noticed()
    {
        PackageWriter.Write(PackagePath, PackageKit.Parts([9, 9, 9, 9, 9, 9, 9, 9]), _key);
        var package = PackageReader.Open(PackagePath);
        var bytes = File.ReadAllBytes(PackagePath);
        bytes[bytes.AsSpan().IndexOf(new byte[] { 9, 9, 9, 9, 9, 9, 9, 9 })] = 8;
        File.WriteAllBytes(PackagePath, bytes);
        Assert.Contains("has changed", Assert.Throws<PackageException>(() => package.Onnx).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_that_make_no_sound_package_are_not_written()
    {
        var parts = PackageKit.Parts([1]);
        Refuses("name golden/9.f32, which it does not hold", parts with { Golden = new GoldenVectors(1e-4, [new GoldenVector("golden/9.f32", [], new())]) });
        Refuses("no golden vectors", parts with { Golden = new GoldenVectors(1e-4, []) });
        Refuses("does not fit its shape", parts with { Tensors = new Dictionary<string, ReadOnlyMemory<byte>>(parts.Tensors) { ["golden/0.0.f32"] = new byte[12] } });
        Refuses("'../evil.f32' is no name", parts with { Tensors = new Dictionary<string, ReadOnlyMemory<byte>>(parts.Tensors) { ["../evil.f32"] = new byte[4] } });
        Refuses("'ugly' is not among the classes", parts with { Manifest = parts.Manifest with { RejectClasses = ["ugly"] } });
        Refuses("edges that do not rise", parts with { Profile = parts.Profile with { Histograms = new Dictionary<string, ReferenceHistogram> { ["brightness"] = new([2, 1], [0, 0, 0], 0) } } });
        var embedding = new EmbeddingReference { Frames = 30, Mean = [1, 2], Directions = [[1, 0]], Variances = [3], Rest = 1, Error = 0, Projections = 2, Seed = 1 };
        Refuses("directions that are not of 2 numbers", parts with { Profile = parts.Profile with { Embedding = embedding with { Directions = [[1, 0, 0]] } } });
        Refuses("directions that are not of 2 numbers", parts with { Profile = parts.Profile with { Embedding = embedding with { Variances = [] } } });
        Refuses("-1 projections", parts with { Profile = parts.Profile with { Embedding = embedding with { Projections = -1 } } });
        Refuses("a number that is none", parts with { Profile = parts.Profile with { Embedding = embedding with { Mean = [float.NaN, 2] } } });
        Refuses("a variance below 0", parts with { Profile = parts.Profile with { Embedding = embedding with { Rest = -1 } } });
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_document_beyond_the_limit_is_refused()
    {
        var parts = PackageKit.Parts([1]);
        Refuses("larger than the", parts with { Lineage = new Lineage(Trainer: new string('x', Limits.PackageDocumentBytes)) });
    }

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    private static string Text(ModelManifest manifest) => JsonSerializer.Serialize(manifest, ContractsJson.Default.ModelManifest);

    private void Refuses(string because, ModelPackageParts parts) =>
        Assert.Contains(because, Assert.Throws<PackageException>(() => PackageWriter.Write(PackagePath, parts, _key)).Message, StringComparison.Ordinal);
}

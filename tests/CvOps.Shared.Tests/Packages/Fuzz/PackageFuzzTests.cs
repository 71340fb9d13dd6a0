using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Packages.Fuzz;

/// <summary>
/// Whatever a file says, opening it ends in a package or in a sentence, writes nothing, and allocates no more than what its length and
/// <see cref="Limits.PackageOpenBytes"/> allow. Bytes are counted exactly, on the thread that opens.
/// </summary>
public sealed class PackageFuzzTests : IDisposable
{
    // What hashing and one pass cost, and what a byte of JSON may become: measured below on the worst documents.
    private const long FixedBytes = 1024 * 1024;
    private const long BytesAByte = 64;

    private readonly TestFolder _folder = new();
    private readonly ECDsa _key = SigningKeys.Create();

    private string PackagePath => _folder["fuzzed.cvmodel"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_spoilt_package_does_more_than_be_refused(int seed) => Fuzz(seed, 1000);

    [Theory]
    [Trait("tier", "slow")]
    [InlineData(1001)]
    [InlineData(1002)]
    public void No_spoilt_package_of_very_many_does_more_than_be_refused(int seed) => Fuzz(seed, 60_000);

    [Fact]
    public void The_worst_documents_stay_within_the_stated_memory()
    {
        PackageWriter.Write(PackagePath, PackageKit.Parts([1]), _key);
        var entries = Entries();
        var mutator = new PackageMutator(new Random(1), _key);
        foreach (var (name, head, one, tail) in ((string, string, string, string)[])
                 [
                     ("golden.json", "{\"tolerance\":0.5,\"vectors\":[", "{},", "{}]}"),
                     ("golden.json", "{\"tolerance\":0.5,\"vectors\":[{\"outputs\":[", "{},", "{}]}]}"),
                     ("golden.json", "{\"tolerance\":0.5,\"vectors\":[{\"decoded\":{\"detections\":[", "{},", "{}]}}]}"),
                     ("golden.json", "{\"tolerance\":0.5,\"vectors\":[{\"outputs\":[{\"shape\":[", "0,", "0]}]}]}"),
                     ("profile.json", "{\"frames\":1,\"histograms\":{\"a\":{\"edges\":[", "0,", "0]}},\"classes\":{}}"),
                     ("manifest.json", "{\"name\":\"a\",\"version\":\"1\",\"task\":\"Detection\",\"input\":{\"name\":\"a\",\"width\":1,\"height\":1,\"roi\":[", "{},", "{}]},\"decoder\":{\"kind\":\"Logits\",\"outputs\":[]},\"classes\":[]}"),
                     ("manifest.json", "{\"classes\":[", "\"\",", "\"\"]}"),
                 ])
        {
            // As much as either limit allows, bytes or tokens.
            var times = Math.Min((Limits.PackageDocumentBytes - head.Length - tail.Length) / one.Length, (Limits.PackageDocumentTokens - 1000) / Tokens(one));
            var text = new StringBuilder(head).Insert(head.Length, one, times).Append(tail).ToString();
            var hostile = entries.Select(entry => (entry.Name, entry.Name == name ? Encoding.UTF8.GetBytes(text) : entry.Bytes));
            File.WriteAllBytes(PackagePath, mutator.Signed(hostile));
            var (verdict, bytes) = Open();
            Assert.IsType<PackageException>(verdict);
            Assert.True(bytes <= Limits.PackageOpenBytes, $"{name} of many '{one}' made opening allocate {bytes:N0} bytes; {Limits.PackageOpenBytes:N0} are stated.");
        }
    }

    [Fact]
    public void A_bomb_is_refused_before_anything_is_inflated()
    {
        using (var zip = ZipFile.Open(PackagePath, ZipArchiveMode.Create))
        using (var entry = zip.CreateEntry(PackageNames.Manifest, CompressionLevel.SmallestSize).Open())
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 256; i++) entry.Write(zeros);
        }

        var (verdict, bytes) = Open();
        Assert.Contains("not written by the CvOps packer", Assert.IsType<PackageException>(verdict).Message, StringComparison.Ordinal);
        Assert.True(bytes < FixedBytes, $"{bytes:N0} bytes were allocated.");
    }

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    private void Fuzz(int seed, int cases)
    {
        var parts = PackageKit.Parts([.. Enumerable.Range(0, 300).Select(i => (byte)i)]);
        PackageWriter.Write(PackagePath, parts, _key);
        using var second = SigningKeys.Create();
        if (seed % 2 == 0) PackageWriter.Sign(PackagePath, second, only: false);
        var (entries, whole) = (Entries(), File.ReadAllBytes(PackagePath));
        var mutator = new PackageMutator(new Random(seed), _key);
        var trusted = PackageKit.Trust(_key);
        _ = Open();
        var believed = 0;
        for (var i = 0; i < cases; i++)
        {
            var (bytes, how) = mutator.Next(entries, whole);
            File.WriteAllBytes(PackagePath, bytes);
            var (verdict, allocated) = Open();
            Assert.True(verdict is null or PackageException, $"Case {i} of seed {seed} ({how}): {verdict}");
            var allowed = Math.Min(Limits.PackageOpenBytes, FixedBytes + BytesAByte * bytes.Length);
            Assert.True(allocated <= allowed, $"Case {i} of seed {seed} ({how}): {allocated:N0} bytes were allocated for a file of {bytes.Length:N0}; {allowed:N0} are allowed.");
            if (verdict is not null) Assert.EndsWith(".", verdict.Message.TrimEnd(), StringComparison.Ordinal);
            if (PackageVerifier.Verify(PackagePath, trusted, DateTimeOffset.UnixEpoch).Package is { } package)
            {
                foreach (var name in package.Names) _ = package.Entry(name);
                believed++;
            }
        }

        // Some cases are sound packages that say something else, rightly signed; most are not.
        Assert.InRange(believed, 1, cases / 2);
        Assert.Equal([PackagePath], Directory.GetFileSystemEntries(_folder.Path));
    }

    private static int Tokens(string one)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes($"[{one}0]"));
        var count = -3;
        while (reader.Read()) count++;
        return count;
    }

    private (Exception? Verdict, long Bytes) Open()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Exception? verdict = null;
        try
        {
            _ = PackageReader.Open(PackagePath);
        }
        catch (Exception e)
        {
            verdict = e;
        }

        return (verdict, GC.GetAllocatedBytesForCurrentThread() - before);
    }

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
}

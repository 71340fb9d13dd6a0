using System.Security.Cryptography;
using CvOps.Contracts.Packages.Chunks;

namespace CvOps.Shared.Tests.Packages;

public sealed class ChunkTests
{
    [Fact]
    public void Where_a_file_is_cut_is_frozen()
    {
        // A device in the field cuts its old packages with its own program: another cut here would find nothing of them.
        var list = ChunkList.Of(new MemoryStream(Noise(200_000, 1)), 200_000, TestContext.Current.CancellationToken);
        Assert.Equal(1024, list.Average);
        Assert.Equal("4deff2e61c267bae", Convert.ToHexStringLower(SHA256.HashData(list.Lengths.SelectMany(BitConverter.GetBytes).ToArray()))[..16]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(257)]
    [InlineData(16_384)]
    [InlineData(3_000_000)]
    public void Chunks_make_the_file_again_within_their_limits(int bytes)
    {
        foreach (var file in new[] { Noise(bytes, 7), new byte[bytes] })
        {
            var list = ChunkList.Of(new DribblingStream(file), bytes, TestContext.Current.CancellationToken);
            Assert.Equal(bytes, list.Bytes);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), list.Package);
            Assert.All(list.Lengths, length => Assert.InRange(length, 1, ChunkCutter.MostOf(list.Average)));
            Assert.All(list.Lengths.SkipLast(1), length => Assert.True(length > ChunkCutter.LeastOf(list.Average)));
            var at = 0;
            for (var chunk = 0; chunk < list.Count; at += list.Lengths[chunk++]) Assert.Equal(SHA256.HashData(file.AsSpan(at, list.Lengths[chunk])), list.DigestOf(chunk).ToArray());
        }
    }

    [Fact]
    public void The_average_length_is_about_the_one_asked_for()
    {
        var list = ChunkList.Of(new MemoryStream(Noise(8_000_000, 3)), 8_000_000, TestContext.Current.CancellationToken);
        Assert.InRange(list.Bytes / (double)list.Count, list.Average * 0.75, list.Average * 1.5);
    }

    [Fact]
    public void An_insertion_costs_the_chunks_around_it()
    {
        var before = Noise(4_000_000, 5);
        byte[] after = [.. before[..1_000_000], .. Noise(37, 6), .. before[1_000_000..]];
        var known = Digests(ChunkList.Of(new MemoryStream(before), after.Length, TestContext.Current.CancellationToken)).ToHashSet();
        var list = ChunkList.Of(new MemoryStream(after), after.Length, TestContext.Current.CancellationToken);
        var strange = Digests(list).Count(digest => !known.Contains(digest));
        Assert.InRange(strange, 1, 4);
    }

    [Fact]
    public void A_list_that_cannot_be_right_is_refused_in_words()
    {
        var sound = ChunkList.Of(new MemoryStream(Noise(50_000, 9)), 50_000, TestContext.Current.CancellationToken);
        Assert.Null(sound.Problem(sound.Package, 50_000));
        Assert.Contains("of the package", sound.Problem(new string('0', 64), 50_000), StringComparison.Ordinal);
        Assert.Contains("make 50000 bytes", sound.Problem(sound.Package, 50_001), StringComparison.Ordinal);
        Assert.Contains("format 2", (sound with { Format = 2 }).Problem(sound.Package, 50_000), StringComparison.Ordinal);
        Assert.Contains("power of two", (sound with { Average = 3000 }).Problem(sound.Package, 50_000), StringComparison.Ordinal);
        Assert.Contains("bytes of digests", (sound with { Digests = sound.Digests[..^1] }).Problem(sound.Package, 50_000), StringComparison.Ordinal);
        Assert.Contains("shorter than 1", (sound with { Lengths = [-5, .. sound.Lengths[1..]] }).Problem(sound.Package, 50_000), StringComparison.Ordinal);
        Assert.Contains("lengths", (sound with { Lengths = [], Digests = [] }).Problem(sound.Package, 50_000), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Digests(ChunkList list) => Enumerable.Range(0, list.Count).Select(chunk => Convert.ToHexStringLower(list.DigestOf(chunk)));

    private static byte[] Noise(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Gives a few bytes a read, as a network does.</summary>
    private sealed class DribblingStream(byte[] content) : MemoryStream(content)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 7001)]);
    }
}

using CvOps.Fleet.Datasets.Quality.Pictures;
using CvOps.Fleet.Datasets.Quality.Similar;

namespace CvOps.Fleet.Tests.Datasets.Quality;

public sealed class SimilarityIndexTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1000, 1)]
    [InlineData(70_000, 1)]
    [InlineData(140_000, 2)]
    public void The_index_finds_what_a_plain_loop_finds(int frames, int threads)
    {
        var random = new Random(frames);
        var codes = Drawn(random, frames);
        var index = new SimilarityIndex();
        for (var i = 0; i < frames; i++) index.Add(3L * i, codes.AsSpan(i * 64, 64));
        var query = Drawn(random, 1);
        var expected = Enumerable.Range(0, frames).Select(i => new Neighbour(3L * i, CodeDistance.Plain(codes.AsSpan(i * 64, 64), query))).OrderBy(it => it.Distance).ThenBy(it => it.Row).Take(20);
        Assert.Equal(expected, index.Nearest(query, 20, threads));
        Assert.Equal(frames, index.Count);
    }

    [Fact]
    public void The_largest_distance_there_is_does_not_overflow()
    {
        var (least, most) = (Enumerable.Repeat(sbyte.MinValue, 64).ToArray(), Enumerable.Repeat(sbyte.MaxValue, 64).ToArray());
        var index = new SimilarityIndex();
        index.Add(1, least);
        Assert.Equal(new Neighbour(1, 64 * 255 * 255), Assert.Single(index.Nearest(most, 5)));
    }

    [Fact]
    public void Of_equal_codes_the_older_frame_comes_first_and_an_empty_index_has_none()
    {
        var index = new SimilarityIndex();
        var code = new sbyte[64];
        Assert.Empty(index.Nearest(code, 3));
        foreach (var row in new long[] { 4, 5, 9, 12 }) index.Add(row, code);
        Assert.Equal([4L, 5, 9], index.Nearest(code, 3).Select(it => it.Row));
        Assert.Empty(index.Nearest(code, 0));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(512)]
    [InlineData(1280)]
    public void Codes_are_as_far_apart_as_their_embeddings(int dimensions)
    {
        var random = new Random(dimensions);
        var encoder = new EmbeddingCode(dimensions);
        var (one, other, codeOfOne, codeOfOther) = (new float[dimensions], new float[dimensions], new sbyte[64], new sbyte[64]);
        var errors = new List<double>();
        for (var pair = 0; pair < 200; pair++)
        {
            var apart = random.NextSingle();
            for (var i = 0; i < dimensions; i++) (one[i], other[i]) = (random.NextSingle(), 0);
            for (var i = 0; i < dimensions; i++) other[i] = one[i] + apart * (random.NextSingle() - 0.5f);
            Assert.True(encoder.TryEncode(one, codeOfOne) && encoder.TryEncode(other, codeOfOther));
            var cosine = 1 - System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(one, other);
            // A step's rounding lies under all distances.
            errors.Add(Math.Abs(EmbeddingCode.CosineOf(CodeDistance.Plain(codeOfOne, codeOfOther)) - cosine) / (cosine + 0.002));
        }
        errors.Sort();
        Assert.InRange(errors[errors.Count / 2], 0, dimensions <= 64 ? 0.1 : 0.2);
    }

    [Fact]
    public void An_embedding_without_a_direction_has_no_code()
    {
        var encoder = new EmbeddingCode(3);
        Assert.False(encoder.TryEncode([0, 0, 0], new sbyte[64]));
        Assert.False(encoder.TryEncode([float.NaN, 1, 0], new sbyte[64]));
        Assert.False(encoder.TryEncode([float.PositiveInfinity, 1, 0], new sbyte[64]));
    }

    private static sbyte[] Drawn(Random random, int frames)
    {
        var bytes = new byte[frames * 64];
        random.NextBytes(bytes);
        return Array.ConvertAll(bytes, value => (sbyte)value);
    }
}

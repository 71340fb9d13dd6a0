using CvOps.Fleet.Datasets.Quality.Pictures;
using CvOps.Fleet.Tests.Trainer;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Datasets.Quality;

public sealed class PictureTraitTests
{
    [Fact]
    public void A_picture_that_was_compressed_anew_is_near_and_another_one_is_not()
    {
        using var space = EmbeddingSpace.Gradients();
        var first = Drawn(1);
        var (one, again, other) = (space.Describe("a", JpegCodec.Encode(first, 95)), space.Describe("b", JpegCodec.Encode(first, 40)), space.Describe("c", JpegCodec.Encode(Drawn(2), 95)));
        Assert.InRange(PerceptualHash.Distance(one.Hash!.Value, again.Hash!.Value), 0, 4);
        Assert.InRange(PerceptualHash.Distance(one.Hash!.Value, other.Hash!.Value), 12, 64);
        var index = new Fleet.Datasets.Quality.Similar.SimilarityIndex();
        index.Add(1, other.Code);
        index.Add(2, again.Code);
        Assert.Equal(2, index.Nearest(one.Code, 1)[0].Row);
    }

    [Fact]
    public void A_picture_of_one_grey_has_neither_hash_nor_code()
    {
        using var space = EmbeddingSpace.Gradients();
        var grey = new byte[64 * 48];
        Array.Fill(grey, (byte)128);
        var trait = space.Describe("grey", JpegCodec.Encode(new PictureView(grey, 64, 48, PixelFormat.Grey8)));
        Assert.Null(trait.Fault);
        Assert.Null(trait.Hash);
        Assert.Null(trait.Code);
        Assert.Equal(128, trait.Brightness!.Value, 1);
    }

    [Fact]
    public void A_picture_of_a_single_pixel_is_described()
    {
        using var space = EmbeddingSpace.Gradients();
        var trait = space.Describe("dot", JpegCodec.Encode(new PictureView([200], 1, 1, PixelFormat.Grey8)));
        Assert.Equal((1, 1, null, null), (trait.Width, trait.Height, trait.Fault, trait.Code));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(60)]
    [InlineData(-200)]
    public void A_damaged_file_is_a_trait_with_its_fault(int bytes)
    {
        using var space = EmbeddingSpace.Gradients();
        var sound = JpegCodec.Encode(Drawn(3), 90);
        var trait = space.Describe("damaged", sound[..(bytes >= 0 ? bytes : sound.Length + bytes)]);
        Assert.NotNull(trait.Fault);
        Assert.Null(trait.Hash);
    }

    [Fact]
    public void A_header_that_claims_no_pixels_is_a_fault()
    {
        using var space = EmbeddingSpace.Gradients();
        var jpeg = JpegCodec.Encode(Drawn(3), 90);
        var header = jpeg.AsSpan().IndexOf(new byte[] { 0xFF, 0xC0 });
        jpeg.AsSpan(header + 5, 4).Clear();
        Assert.NotNull(space.Describe("empty", jpeg).Fault);
    }

    [Fact]
    public void Steel_of_the_same_kind_is_nearer_than_others_by_a_models_embedding()
    {
        using var space = EmbeddingSpace.Of("squeezenet", File.ReadAllBytes(NeuSteel.Model("squeezenet1.1_imagenet_fp32.onnx")), NeuSteel.SqueezeNet);
        var pictures = NeuSteel.Pictures("test").Where((_, i) => i % 4 == 0).Select((picture, i) => (picture.Class, Trait: space.Describe($"{i}", picture.Jpeg))).ToList();
        var right = pictures.Count(asked => pictures.Where(other => other != asked).MinBy(other => Fleet.Datasets.Quality.Similar.CodeDistance.Plain(asked.Trait.Code, other.Trait.Code)).Class == asked.Class);
        Assert.InRange(right / (double)pictures.Count, 0.8, 1);
    }

    private static PictureView Drawn(int seed)
    {
        var random = new Random(seed);
        var (width, height) = (200, 160);
        var waves = Enumerable.Range(0, 12).Select(_ => (X: random.NextDouble() * 0.15, Y: random.NextDouble() * 0.15, Phase: random.NextDouble() * 6)).ToArray();
        var grey = new byte[width * height];
        for (var i = 0; i < grey.Length; i++) grey[i] = (byte)Math.Clamp(128 + 20 * waves.Sum(wave => Math.Sin(wave.X * (i % width) + wave.Y * (i / width) + wave.Phase)), 0, 255);
        return new PictureView(grey, width, height, PixelFormat.Grey8);
    }
}

using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Shared.Tests.Packages;

public sealed class ReferenceProfileBuilderTests
{
    private readonly Random _chance = new(3);

    [Fact]
    public void Edges_cut_the_tails_where_the_reference_has_pictures_enough()
    {
        ReferenceHistogram Edges(int frames) => Build(frames, _ => Picture(100 + 40 * (_chance.NextDouble() + _chance.NextDouble()))).Histograms[Covariates.Brightness];
        Assert.Equal(15, Edges(5000).Edges.Count);
        Assert.Equal(13, Edges(500).Edges.Count);
        Assert.All(Edges(500).Counts, count => Assert.True(count >= 2));
        Assert.Equal(500, Edges(500).Counts.Sum());
        Assert.InRange(Edges(3).Edges.Count, 1, 3);
        Assert.Single(Edges(1).Counts, count => count == 1);
    }

    [Fact]
    public void A_constant_covariate_stays_in_the_middle_until_it_moves_by_more_than_its_resolution()
    {
        var histogram = Build(100, _ => Picture(100) with { ClippedWhite = 0 }).Histograms[Covariates.ClippedWhite];
        Assert.Equal([-0.002, 0.002], histogram.Edges);
        Assert.Equal([0L, 100, 0], histogram.Counts);
    }

    [Fact]
    public void Constant_pictures_and_numbers_that_are_none_are_left_out()
    {
        var profile = Build(40, i => i % 2 == 0 ? new FrameStatistics(0, 0, 0) : Picture(100 + i));
        Assert.Equal(20, profile.Histograms[Covariates.Brightness].Counts.Sum());
        Assert.Equal(40, profile.Histograms[Covariates.Confidence].Counts.Sum());
        Assert.DoesNotContain(Covariates.Noise, profile.Histograms.Keys);
        Assert.DoesNotContain(Covariates.Boxes, profile.Histograms.Keys);
        Assert.Null(profile.Embedding);
        Assert.Empty(new ReferenceProfileBuilder().Build().Histograms);
    }

    [Fact]
    public void Boxes_are_measured_against_their_picture()
    {
        var builder = new ReferenceProfileBuilder();
        for (var i = 0; i < 50; i++) builder.Add(Picture(100), new Prediction { Detections = [new("cap", 0.9, 100, 50, 200, 100), new("cap", 0.8, 0, 0, 20 + i, 20)] }, 400, 200);
        var profile = builder.Build();
        Assert.Equal([0L, 50, 0], profile.Histograms[Covariates.Boxes].Counts);
        Assert.Equal(100, profile.Histograms[Covariates.BoxSize].Counts.Sum());
        Assert.Equal(0.5, profile.Histograms[Covariates.BoxX].Greatest);
        Assert.Equal(0.5, profile.Histograms[Covariates.BoxY].Greatest);
        Assert.DoesNotContain(Covariates.Entropy, profile.Histograms.Keys);
    }

    [Fact]
    public void Embeddings_give_their_reference_and_histograms_over_it()
    {
        var builder = new ReferenceProfileBuilder();
        for (var i = 0; i < 200; i++) builder.Add(Picture(100), new Prediction(), embedding: [.. Enumerable.Range(0, 16).Select(_ => _chance.NextSingle())]);
        builder.Add(Picture(100), new Prediction(), embedding: new float[7]);
        var profile = builder.Build();
        Assert.Equal((200, 16), (profile.Embedding!.Frames, profile.Embedding.Mean.Count));
        Assert.Equal(200, profile.Histograms[Covariates.EmbeddingDistance].Counts.Sum());
        for (var j = 0; j < profile.Embedding.Projections; j++) Assert.Equal(10, profile.Histograms[Covariates.Embedding(j)].Counts.Count);
    }

    private static ReferenceProfile Build(int frames, Func<int, FrameStatistics> draw)
    {
        var builder = new ReferenceProfileBuilder();
        for (var i = 0; i < frames; i++) builder.Add(draw(i), new Prediction { Confidence = 0.9 });
        return builder.Build();
    }

    private static FrameStatistics Picture(double brightness) => new(brightness, 20, 2);
}

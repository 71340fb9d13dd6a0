using CvOps.Fleet.Datasets.Quality.Pictures;
using CvOps.Fleet.Datasets.Quality.Similar;

namespace CvOps.Fleet.Datasets.Quality;

internal static class QualityServices
{
    public static void AddQuality(this IServiceCollection services) => services
        .AddSingleton<EmbeddingSpaces>().AddSingleton<FrameIndex>().AddSingleton<SimilarFrames>().AddSingleton<PicturePace>().AddHostedService<PictureLoop>()
        .AddSingleton<QualityDesk>().AddSingleton<QualityQueue>().AddHostedService<QualityLoop>();
}

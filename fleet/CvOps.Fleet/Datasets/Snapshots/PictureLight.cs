using System.Data.Common;
using CvOps.Fleet.Storage;
using CvOps.Vision;
using Dapper;

namespace CvOps.Fleet.Datasets.Snapshots;

/// <summary>How bright pictures are: measured once, and kept with the frames that show them.</summary>
internal sealed class PictureLight(Database database, BlobStore blobs)
{
    /// <summary>Kept for a picture that is lost or damaged.</summary>
    public const int Unreadable = -1;

    private const int Together = 256;

    // In the words of its index: a parameter would hide from the database that the index has them all.
    private const string Unmeasured = "state = 1 AND brightness IS NULL";

    /// <summary>Measures what labelled frames show and nobody measured yet.</summary>
    /// <param name="tell">Hears how many are measured, and of how many.</param>
    public async Task MeasureAsync(Action<long, long> tell, CancellationToken cancel)
    {
        var left = await database.ReadAsync(connection => connection.ExecuteScalar<long>($"SELECT count(*) FROM frames WHERE {Unmeasured}"), cancel);
        for (var done = 0L; done < left;)
        {
            var images = await database.ReadAsync(connection => connection.Query<string>(
                $"SELECT DISTINCT image FROM (SELECT image FROM frames WHERE {Unmeasured} ORDER BY row LIMIT {Together}) AS first").ToArray(), cancel);
            if (images.Length == 0) break;
            var measured = new int[images.Length];
            await Parallel.ForAsync(0, images.Length, cancel, (i, _) =>
            {
                measured[i] = Of(images[i]);
                return ValueTask.CompletedTask;
            });
            done += await database.WriteAsync(connection => Keep(connection, images, measured), cancel);
            tell(Math.Min(done, left), left);
        }
    }

    /// <returns>Mean grey, 0..255, or <see cref="Unreadable"/>.</returns>
    public int Of(string image)
    {
        try
        {
            return (int)Math.Round(FrameStatistics.Measure(JpegCodec.Decode(File.ReadAllBytes(blobs.Find(image, "a picture"))).View).Brightness);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PictureException or ArgumentException)
        {
            return Unreadable;
        }
    }

    private static int Keep(DbConnection connection, string[] images, int[] measured)
    {
        using var update = new PreparedCommand(connection, "UPDATE frames SET brightness = @brightness WHERE image = @image AND brightness IS NULL", "brightness", "image");
        return images.Zip(measured).Sum(pair => update.Run(pair.Second, pair.First));
    }
}

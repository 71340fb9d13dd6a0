using CvOps.Statistics;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>
/// Finds groups of devices whose cameras see alike. Lloyd's k-means (Lloyd 1982) from farthest-first beginnings (Gonzalez 1985), for each number of clusters up to
/// eight; the number with the best simplified silhouette (Hruschka, de Castro and Campello 2004) is taken, and none where even that is poor. Nothing is drawn:
/// the same devices in any order give the same clusters.
/// </summary>
internal static class EmbeddingClusters
{
    private const int MostClusters = 8;
    private const int Rounds = 30;

    /// <summary>Devices that the centres are found from; the others are only sorted.</summary>
    private const int Sample = 4096;

    /// <summary>Below this, Kaufman and Rousseeuw (1990) call a structure weak.</summary>
    private const double LeastSilhouette = 0.5;

    /// <param name="points">By device, its coordinates: as many for each, all finite.</param>
    /// <returns>By device, its cluster, 0 the one with the most devices. All 0 where the points fall into no groups.</returns>
    public static Dictionary<string, int> Of(IReadOnlyDictionary<string, double[]> points)
    {
        var names = points.Keys.OrderBy(name => Hashes.Of(name)).ThenBy(name => name, StringComparer.Ordinal).ToArray();
        var all = Scaled([.. names.Select(name => points[name])]);
        var sample = all.Take(Sample).ToArray();
        double[][]? best = null;
        var most = LeastSilhouette;
        for (var k = 2; k <= Math.Min(MostClusters, sample.Length - 1); k++)
        {
            var centres = Lloyd(sample, FarthestFirst(sample, k));
            if (Silhouette(sample, centres) is var quality && quality > most) (best, most) = (centres, quality);
        }
        if (best is null) return names.ToDictionary(name => name, _ => 0);
        var cluster = all.Select(point => Nearest(point, best).Index).ToArray();
        var bySize = Enumerable.Range(0, best.Length).OrderByDescending(k => cluster.Count(c => c == k)).ThenBy(k => k).ToArray();
        return names.Select((name, i) => (name, Place: Array.IndexOf(bySize, cluster[i]))).ToDictionary(x => x.name, x => x.Place);
    }

    /// <summary>Every coordinate less its mean, over the largest standard deviation of all: relations between coordinates stay as they are.</summary>
    private static double[][] Scaled(double[][] points)
    {
        if (points.Length == 0) return points;
        var mean = new double[points[0].Length];
        foreach (var point in points)
            for (var j = 0; j < mean.Length; j++) mean[j] += point[j] / points.Length;
        var spread = Enumerable.Range(0, mean.Length).Select(j => Math.Sqrt(points.Average(point => (point[j] - mean[j]) * (point[j] - mean[j])))).DefaultIfEmpty(0).Max();
        return [.. points.Select(point => point.Select((value, j) => (value - mean[j]) / Math.Max(spread, 1e-12)).ToArray())];
    }

    private static double[][] FarthestFirst(double[][] points, int k)
    {
        // The first is the farthest from the mean, which is 0.
        var centres = new List<double[]> { points.MaxBy(point => Distance(point, new double[point.Length]))! };
        var distance = points.Select(point => Distance(point, centres[0])).ToArray();
        while (centres.Count < k)
        {
            var farthest = Array.IndexOf(distance, distance.Max());
            centres.Add(points[farthest]);
            for (var i = 0; i < points.Length; i++) distance[i] = Math.Min(distance[i], Distance(points[i], points[farthest]));
        }
        return [.. centres];
    }

    private static double[][] Lloyd(double[][] points, double[][] centres)
    {
        var cluster = new int[points.Length];
        for (var round = 0; round < Rounds; round++)
        {
            var moved = round == 0;
            for (var i = 0; i < points.Length; i++)
            {
                var nearest = Nearest(points[i], centres).Index;
                moved |= nearest != cluster[i];
                cluster[i] = nearest;
            }
            if (!moved) break;
            var sums = centres.Select(centre => new double[centre.Length]).ToArray();
            var counts = new int[centres.Length];
            for (var i = 0; i < points.Length; i++)
            {
                counts[cluster[i]]++;
                for (var j = 0; j < points[i].Length; j++) sums[cluster[i]][j] += points[i][j];
            }
            centres = [.. centres.Select((centre, k) => counts[k] == 0 ? centre : [.. sums[k].Select(sum => sum / counts[k])])];
        }
        return centres;
    }

    /// <summary>Mean over the points of how much nearer their own centre is than the next: -1..1.</summary>
    private static double Silhouette(double[][] points, double[][] centres) => points.Average(point =>
    {
        var (index, own) = Nearest(point, centres);
        var other = centres.Where((_, k) => k != index).Min(centre => Distance(point, centre));
        var (a, b) = (Math.Sqrt(own), Math.Sqrt(other));
        return b == 0 ? 0 : (b - a) / b;
    });

    private static (int Index, double Distance) Nearest(double[] point, double[][] centres)
    {
        var best = (Index: 0, Distance: double.MaxValue);
        for (var k = 0; k < centres.Length; k++)
            if (Distance(point, centres[k]) is var distance && distance < best.Distance) best = (k, distance);
        return best;
    }

    /// <summary>Squared.</summary>
    private static double Distance(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var j = 0; j < a.Length; j++) sum += (a[j] - b[j]) * (a[j] - b[j]);
        return sum;
    }
}

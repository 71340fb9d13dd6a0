using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>Where the devices' embeddings lie, from the newest drift window of each camera. Embeddings of two models have nothing in common, so each model has clusters of its own.</summary>
internal sealed class DeviceClusters(Database database)
{
    /// <summary>Windows that are looked through, the newest: a camera that has sent none among them is not known.</summary>
    private const long Newest = 200_000;

    /// <returns>By device, such as <c>c1</c>; devices without embeddings are left out. Empty where no model in charge has any.</returns>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancel)
    {
        var windows = await database.ReadAsync(connection => connection.Query<string>(
            """
            SELECT body FROM drift_windows WHERE cursor IN
              (SELECT max(cursor) FROM drift_windows WHERE cursor > (SELECT coalesce(max(cursor), 0) FROM drift_windows) - @Newest GROUP BY device, camera)
            """, new { Newest }).ToArray(), cancel);
        var means = new Dictionary<string, (string Model, double[] Sum, int Cameras)>();
        foreach (var body in windows)
        {
            if (!body.Contains(Covariates.Embedding(0), StringComparison.Ordinal)) continue;
            var window = JsonSerializer.Deserialize(body, ContractsJson.Default.DriftWindow)!;
            if (Point(window) is not { Length: > 0 } point) continue;
            var (id, model) = (window.Origin.Device.Value, window.Model.Digest);
            // Of a device with several cameras their middle: it gets one model for all of them.
            means[id] = means.TryGetValue(id, out var other) && other.Model == model && other.Sum.Length == point.Length
                ? (model, [.. other.Sum.Zip(point, (a, b) => a + b)], other.Cameras + 1) : (model, point, 1);
        }
        return Named(means.Select(mean => (mean.Key, mean.Value.Model, mean.Value.Sum.Select(sum => sum / mean.Value.Cameras).ToArray())));
    }

    /// <param name="points">By device and the model that saw it.</param>
    internal static Dictionary<string, string> Named(IEnumerable<(string Device, string Model, double[] Point)> points)
    {
        var (named, before) = (new Dictionary<string, string>(), 0);
        foreach (var model in points.GroupBy(point => (point.Model, point.Point.Length)).OrderBy(group => group.Key.Model, StringComparer.Ordinal).ThenBy(group => group.Key.Length))
        {
            var clusters = EmbeddingClusters.Of(model.ToDictionary(point => point.Device, point => point.Point));
            foreach (var (device, cluster) in clusters) named[device] = $"c{before + cluster + 1}";
            before += clusters.Values.Max() + 1;
        }
        return named;
    }

    /// <summary>The mean of each of the embedding's projections; null when a projection counted nothing.</summary>
    private static double[]? Point(DriftWindow window)
    {
        var point = new List<double>();
        while (Mean(window, Covariates.Embedding(point.Count)) is { } mean) point.Add(mean);
        return [.. point];
    }

    private static double? Mean(DriftWindow window, string covariate)
    {
        // In 1024ths before the counts, or as a histogram from agents that send those.
        var (sum, counts) = (0.0, 0L);
        if (window.Sketches?.GetValueOrDefault(covariate) is { Count: > 1 } sketch) (sum, counts) = (sketch[0] / 1024.0, sketch.Skip(1).Sum());
        else if (window.Histograms.TryGetValue(covariate, out var histogram)) (sum, counts) = (histogram.Sum, histogram.Counts.Sum());
        return counts > 0 && double.IsFinite(sum) ? sum / counts : null;
    }
}

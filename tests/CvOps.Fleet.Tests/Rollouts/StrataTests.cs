using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Rollouts.Planning;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class StrataTests
{
    private static readonly RolloutPlan Plan = Plans.Of(new("canary", Count: 20), new("rest", Percent: 100)) with { Strata = ["camera", "lighting", "cluster"] };

    private static Candidate Device(int number, string camera, string lighting, string? cluster = null) =>
        Plans.Device($"d{number:0000}", $"site-{number % 3}") with { Labels = new Dictionary<string, string> { ["camera"] = camera, ["lighting"] = lighting }, Cluster = cluster };

    /// <summary>900 of one kind, commissioned first, and 100 of ten others.</summary>
    private static Candidate[] Skewed() =>
        [.. Enumerable.Range(0, 900).Select(i => Device(i, "wide", "led")), .. Enumerable.Range(900, 100).Select(i => Device(i, $"c{i % 10}", "lamp", "c1"))];

    [Fact]
    public void The_first_ring_has_every_stratum_and_the_rest_in_proportion()
    {
        var coverage = RingPlanner.Assign(Plan, Skewed(), []).Coverage!;
        Assert.Equal((11, 1000), (coverage.Strata, coverage.Devices));
        Assert.Equal(new RingCoverage("canary", 20, 11, 11, 1), coverage.Rings[0]);
        // One of each of eleven, and the nine that are left to the stratum that has nine tenths of the devices.
        Assert.Equal(["wide", "led", "unknown"], coverage.Largest[0].Values);
        Assert.Equal([10, 890], coverage.Largest[0].Rings);
        Assert.All(coverage.Largest.Skip(1), stratum => Assert.Equal([1, 9], stratum.Rings));
    }

    [Fact]
    public void A_ring_smaller_than_the_strata_takes_the_largest()
    {
        var coverage = RingPlanner.Assign(Plan with { Rings = [new("one", Count: 1), new("rest", Percent: 100)] }, Skewed(), []).Coverage!;
        Assert.Equal(0.9, coverage.Rings[0].ShareSoFar, 12);
        Assert.Equal(new RingCoverage("rest", 999, 11, 11, 1), coverage.Rings[1]);
    }

    [Fact]
    public void Every_beginning_of_the_order_is_in_proportion()
    {
        var order = StratumOrder.Of(["camera"], [.. Enumerable.Range(0, 1000).Select(i => Device(i, i < 500 ? "a" : i < 800 ? "b" : "c", "x"))], "payload");
        for (var taken = 20; taken <= 1000; taken += 20)
        {
            var cameras = order.Devices.Take(taken).CountBy(device => device.Labels["camera"]).ToDictionary();
            Assert.InRange(cameras["a"], 0.5 * taken - 2, 0.5 * taken + 2);
            Assert.InRange(cameras["c"], 0.2 * taken - 2, 0.2 * taken + 2);
            var sites = order.Devices.Take(taken).CountBy(device => device.Site).ToDictionary();
            Assert.All(sites.Values, count => Assert.InRange(count, taken / 3.0 - 6, taken / 3.0 + 6));
        }
    }

    [Fact]
    public void A_device_without_the_label_is_a_stratum_of_its_own_kind() =>
        Assert.Equal(["-"], Assert.Single(StratumOrder.Of(["camera"], [Plans.Device("d1")], "payload").Strata));

    [Fact]
    public void Devices_whose_embeddings_lie_apart_are_in_different_clusters_and_blobs_without_shape_in_one()
    {
        var random = new Random(11);
        double Noise() => random.NextDouble() - 0.5;
        var points = Enumerable.Range(0, 300).ToDictionary(i => $"d{i}", i => new[] { i % 3 == 0 ? 10 + Noise() : Noise(), i % 3 == 1 ? 10 + Noise() : Noise() });
        var clusters = EmbeddingClusters.Of(points);
        foreach (var kind in Enumerable.Range(0, 3)) Assert.Single(clusters.Where(pair => int.Parse(pair.Key[1..]) % 3 == kind).Select(pair => pair.Value).Distinct());
        Assert.Equal(3, clusters.Values.Distinct().Count());

        var shuffled = points.OrderByDescending(pair => pair.Key).ToDictionary();
        Assert.Equal(clusters.OrderBy(pair => pair.Key), EmbeddingClusters.Of(shuffled).OrderBy(pair => pair.Key));
        Assert.Single(EmbeddingClusters.Of(Enumerable.Range(0, 300).ToDictionary(i => $"d{i}", _ => new[] { Noise(), Noise(), Noise() })).Values.Distinct());
        Assert.Equal(0, EmbeddingClusters.Of(new Dictionary<string, double[]> { ["one"] = [1, 2] })["one"]);
    }

    [Fact]
    public void Models_have_clusters_of_their_own()
    {
        var named = DeviceClusters.Named([("a1", "m1", [0]), ("a2", "m1", [0]), ("b1", "m2", [0])]);
        Assert.Equal(named["a1"], named["a2"]);
        Assert.NotEqual(named["a1"], named["b1"]);
    }

    [Fact]
    public async Task Clusters_come_from_the_drift_windows_that_devices_send()
    {
        await using var line = await RolloutLine.StartAsync(devices: 4);
        for (var number = 1; number <= 3; number++) {
            var device = line.Devices[number - 1];
            await device.SendAsync(device.Topics.Drift(new CameraId("cam")), Window(device.NextOrigin(), number == 1 ? 900 : 5), ContractsJson.Default.DriftWindow);
        }
        await FleetHost.UntilAsync(async () => (await Clusters(line)).Count == 3, "clusters of three devices");
        var clusters = await Clusters(line);
        Assert.Equal(clusters["line-2"], clusters["line-3"]);
        Assert.NotEqual(clusters["line-1"], clusters["line-2"]);
        Assert.DoesNotContain("line-4", clusters.Keys);

        static Task<IReadOnlyDictionary<string, string>> Clusters(RolloutLine line) => line.Fleet.Services.GetRequiredService<DeviceClusters>().ReadAsync(TestContext.Current.CancellationToken);
    }

    private static DriftWindow Window(Origin origin, long value) => new()
    {
        Origin = origin, Camera = new CameraId("cam"), Model = Plans.Old, From = DateTimeOffset.UnixEpoch, To = DateTimeOffset.UnixEpoch, Frames = 10,
        Histograms = new Dictionary<string, HistogramCounts>(), Classes = new Dictionary<string, long>(),
        Sketches = new Dictionary<string, IReadOnlyList<long>> { [Covariates.Embedding(0)] = [value * 10 * 1024, 10], [Covariates.Embedding(1)] = [10 * origin.Device.Value[^1], 10] },
    };
}

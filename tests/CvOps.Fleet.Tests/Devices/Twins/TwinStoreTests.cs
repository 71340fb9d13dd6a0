using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Rollouts.Planning;
using CvOps.Plans.Selectors;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Devices.Twins;

public sealed class TwinStoreTests
{
    private const string Model = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    [Fact]
    public void What_is_told_of_many_devices_in_any_order_is_what_is_read_of_each()
    {
        var (store, random, truth) = (Store(), new Random(1), new Dictionary<string, DeviceView>());
        for (var i = 0; i < 20_000; i++)
        {
            var id = $"dev-{random.Next(700)}";
            // Long reasons come and go, and so do blobs of all sizes.
            var health = Health(id, new string('x', random.Next(4) == 0 ? random.Next(9000) : random.Next(60)));
            store.Apply(Change(id) with { Site = new SiteId($"s{random.Next(3)}"), Health = new Written(TwinGlance.Of(health), JsonSerializer.SerializeToUtf8Bytes(health, ContractsJson.Default.DeviceHealth)) });
            var labels = $$"""{"line":"{{random.Next(40)}}"}""";
            store.Wish(id, new TwinWish(null, labels));
            truth[id] = store.View(new DeviceId(id))! with { Health = health, Labels = JsonSerializer.Deserialize(labels, ContractsJson.Default.IReadOnlyDictionaryStringString)! };
        }
        Assert.Equal(truth.Count, store.Count);
        foreach (var (id, view) in truth) Assert.Equal(Text(view), Text(store.View(new DeviceId(id))!));
        Assert.Equal(truth.Keys.Order(StringComparer.Ordinal), store.Page(store.Select(LabelSelector.Everything, GroupMembership.None), "", null).Select(view => view.Id.Value));
    }

    [Fact]
    public void A_selector_finds_who_it_says_by_site_label_group_and_name()
    {
        var store = Store();
        for (var i = 0; i < 300; i++)
        {
            store.Apply(Change($"dev-{i}") with { Site = new SiteId($"s{i % 3}") });
            store.Wish($"dev-{i}", new TwinWish(null, i % 2 == 0 ? """{"line":"even"}""" : "{}"));
        }
        var groups = new GroupMembership([new DeviceGroup("few", [new DeviceId("dev-6"), new DeviceId("dev-7")], null)]);
        string[] Found(string selector) => [.. store.Page(store.Select(LabelSelector.Parse(selector), groups), "", null).Select(view => view.Id.Value)];
        Assert.Equal(50, Found("site=s1,line=even").Length);
        Assert.Equal(150, Found("!line").Length);
        Assert.Equal(["dev-6"], Found("group=few,line=even"));
        Assert.Equal(["dev-12", "dev-7"], Found("device in (dev-7,dev-12)"));
        Assert.Equal(["No device has a label 'lien'; did you mean 'line'?"], store.Unknown(LabelSelector.Parse("lien=even"), []));
        Assert.Contains("No device is called 'dev-999'", store.Unknown(LabelSelector.Parse("device=dev-999"), []).Single(), StringComparison.Ordinal);
        Assert.Equal(["dev-100", "dev-101"], store.Page(store.Select(LabelSelector.Everything, GroupMembership.None), "dev-10", 2).Select(view => view.Id.Value));
    }

    [Fact]
    public void A_slice_has_the_same_bits_however_it_is_put_together_and_adds_up_equal_edges_alone()
    {
        var (store, random) = (Store(), new Random(7));
        var expected = new Dictionary<(string, string), long[]>();
        for (var i = 0; i < 500; i++)
        {
            var drift = new DeviceDrift(i % 5 == 0 ? Model : Model.Replace('a', 'b'), 1, 0, [.. new[] { "brightness", "confidence", "contrast", "sharpness", "noise" }.Take(random.Next(6)).Select(name =>
                new DriftCounts(name, $"edges-{name}", [.. Enumerable.Range(0, 16).Select(_ => random.Next(1000))]))]);
            store.Apply(Change($"dev-{i}") with { Drift = drift });
            store.Wish($"dev-{i}", new TwinWish(null, $$"""{"part":"{{i % 7}}"}"""));
            foreach (var series in drift.Series)
            {
                if (!expected.TryGetValue((drift.Model, series.Covariate), out var sums)) expected[(drift.Model, series.Covariate)] = sums = new long[16];
                for (var bin = 0; bin < 16; bin++) sums[bin] += series.Counts[bin];
            }
        }
        SliceCounts Sum(string selector) => store.Sum(store.Select(LabelSelector.Parse(selector), GroupMembership.None), DateTimeOffset.UnixEpoch).Counts;
        var whole = Sum("part");
        Assert.Equal(expected.OrderBy(sum => sum.Key).Select(sum => (sum.Key, string.Join(' ', sum.Value))),
            whole.Sums.Select(sum => ((store.Series[sum.Series - 1].Model, store.Series[sum.Series - 1].Covariate), string.Join(' ', sum.Counts[..16]))).OrderBy(sum => sum.Item1));
        for (var order = 0; order < 20; order++)
        {
            var parts = Enumerable.Range(0, 7).Select(part => Sum($"part={part}")).ToArray();
            random.Shuffle(parts);
            foreach (var part in parts.Skip(1)) parts[0].Merge(part);
            Assert.Equal(whole.Sums.Select(sum => (sum.Series, sum.Devices, string.Join(' ', sum.Counts))), parts[0].Sums.Select(sum => (sum.Series, sum.Devices, string.Join(' ', sum.Counts))));
        }
    }

    [Fact]
    public void What_a_device_says_while_the_database_is_read_is_newer_than_its_row()
    {
        var store = Store();
        var said = Health("dev-1", "now");
        store.Apply(Change("dev-1") with { Inspections = 12, Health = new Written(TwinGlance.Of(said), JsonSerializer.SerializeToUtf8Bytes(said, ContractsJson.Default.DeviceHealth)) });
        // The grain was quicker than the row as well.
        store.Wish("dev-2", new TwinWish(null, """{"line":"new"}"""));
        var old = Health("dev-1", "before");
        foreach (var id in new[] { "dev-1", "dev-2" })
            store.Fill(Change(id) with { Inspections = 10, Health = new Written(TwinGlance.Of(old), JsonSerializer.SerializeToUtf8Bytes(old, ContractsJson.Default.DeviceHealth)) }, new TwinWish(null, """{"line":"old"}"""));
        Assert.Equal((12L, "now", "old"), (store.View(new DeviceId("dev-1"))!.Inspections, store.View(new DeviceId("dev-1"))!.Health!.Cameras[0].Problem, store.View(new DeviceId("dev-1"))!.Labels["line"]));
        Assert.Equal(("before", "new"), (store.View(new DeviceId("dev-2"))!.Health!.Cameras[0].Problem, store.View(new DeviceId("dev-2"))!.Labels["line"]));
    }

    [Fact]
    public void Silence_is_overdue_then_offline_and_a_fleet_that_was_away_blames_nobody()
    {
        var time = new ManualTime();
        var store = new TwinStore(time, new SilenceRule(TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(600)));
        for (var i = 0; i < 1000; i++) store.Apply(Change($"dev-{i}"));
        var (overdue, silent, most) = (new HashSet<string>(), new HashSet<string>(), 0);
        for (var second = 1; second <= 720; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            if (second % 60 == 0) store.Apply(Change("dev-7"));
            var (late, gone) = store.Look(TimeSpan.FromSeconds(second));
            Assert.True(late.Count == 0 || second >= 90);
            Assert.True(gone.Count == 0 || second >= 600);
            most = Math.Max(most, late.Count);
            overdue.UnionWith(late);
            silent.UnionWith(gone);
        }
        Assert.Equal((999, 999), (overdue.Count, silent.Count));
        Assert.DoesNotContain("dev-7", overdue);
        Assert.True(store.View(new DeviceId("dev-8"))!.Overdue);
        // Spread over 18 seconds; all at once would be 999.
        Assert.InRange(most, 1, 200);
        store.Apply(Change("dev-8"));
        Assert.False(store.View(new DeviceId("dev-8"))!.Overdue);

        var other = new TwinStore(time, new SilenceRule(TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(600)));
        other.Apply(Change("dev-1"));
        time.Advance(TimeSpan.FromHours(3));
        Assert.Equal((0, 0), (other.Look(TimeSpan.FromSeconds(1)).Overdue.Count, other.Look(TimeSpan.FromSeconds(2)).Silent.Count));
        time.Advance(TimeSpan.FromSeconds(120));
        Assert.Equal(["dev-1"], other.Look(TimeSpan.FromSeconds(121)).Overdue);
    }

    private static TwinStore Store() => new(TimeProvider.System, new SilenceRule(TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(600)));

    private static TwinChange Change(string id) => new(new DeviceId(id), new SiteId("plant")) { Online = true, Heard = true, LastSeen = 1_000_000, Since = 1_000_000, Boot = 1, Inspections = 0, Duplicates = 0 };

    private static DeviceHealth Health(string id, string problem) => new()
    {
        Origin = new Origin(new DeviceId(id), 1, 1), At = DateTimeOffset.UnixEpoch.AddDays(20_000), UptimeSeconds = 1.5, ResidentBytes = 1, Provider = "CPU", Spool = new SpoolHealth(0, 0, 0, 0, 0),
        Cameras = [new CameraHealth(new CameraId("cam"), CameraState.Lost, 0, 0, 0, 0, 0, 0, problem)],
    };

    private static string Text(DeviceView view) => JsonSerializer.Serialize(view, ContractsJson.Default.DeviceView);
}

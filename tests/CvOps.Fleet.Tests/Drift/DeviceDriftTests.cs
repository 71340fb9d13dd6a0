using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Tests.Drift;

public sealed class DeviceDriftTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(20_001);
    private static readonly ReferenceProfile Profile = new()
    {
        Frames = 10, Histograms = new Dictionary<string, ReferenceHistogram> { [Covariates.Brightness] = new([64, 128, 192], [1, 4, 4, 1], 130) }, Classes = new Dictionary<string, long>(),
    };

    [Fact]
    public void Windows_add_up_come_back_from_the_disk_and_are_halved_before_a_bin_could_overflow()
    {
        DeviceDrift? drift = null;
        for (var number = 1; number <= 3; number++) drift = DeviceDrift.Add(drift, Window(number, [1, 2, 3, 4]), Profile, Now);
        Assert.Equal([3, 6, 9, 12], drift!.Series.Single().Counts);
        var loaded = DeviceDrift.Load(drift.Save());
        Assert.Equal((drift.Model, drift.To, drift.LeftOut), (loaded.Model, loaded.To, loaded.LeftOut));
        Assert.Equal(drift.Series.Single().Counts, loaded.Series.Single().Counts);
        drift = DeviceDrift.Add(drift, Window(4, [0, 0, 60_000, 1_000_000_000]), Profile, Now);
        Assert.InRange(drift.Series.Single().Counts.Sum(), DeviceDrift.MostFrames / 2, DeviceDrift.MostFrames);
        Assert.All(drift.Series.Single().Counts, count => Assert.InRange(count, 0, ushort.MaxValue));
    }

    [Fact]
    public void Counts_of_foreign_edges_of_unknown_packages_and_of_nonsense_are_left_out_and_counted()
    {
        var drift = DeviceDrift.Add(null, Window(1, [1, 2, 3, 4]), Profile, Now);
        drift = DeviceDrift.Add(drift, Window(2, [1, 2, 3, 4], edges: [1, 2, 3]), Profile, Now);
        drift = DeviceDrift.Add(drift, Window(3, [1, -2, 3, 4]), Profile, Now);
        drift = DeviceDrift.Add(drift, Window(4, [1, 2, 3, long.MaxValue]), Profile, Now);
        drift = DeviceDrift.Add(drift, Window(5, [1, 2, 3, 4]), profile: null, Now);
        Assert.Equal([1, 2, 3, 4], drift.Series.Single().Counts);
        Assert.Equal(4, drift.LeftOut);
    }

    [Fact]
    public void Another_model_begins_anew_what_comes_late_of_the_one_before_is_not_counted_and_a_clock_ahead_shuts_nobody_out()
    {
        var drift = DeviceDrift.Add(null, Window(1, [1, 0, 0, 0]) with { To = Now.AddYears(70) }, Profile, Now);
        Assert.Equal(SqlTime.Of(Now), drift.To);
        var second = Windows.Model with { Version = "2", Digest = new string('b', 64) };
        var later = Now.AddHours(1);
        drift = DeviceDrift.Add(drift, Window(1, [0, 1, 0, 0]) with { Model = second, From = later, To = later }, Profile, later);
        drift = DeviceDrift.Add(drift, Window(2, [1, 0, 0, 0]), Profile, later);
        Assert.Equal((second.Digest, 1L), (drift.Model, drift.LeftOut));
        Assert.Equal([0, 1, 0, 0], drift.Series.Single().Counts);
    }

    private static DriftWindow Window(int number, long[] counts, double[]? edges = null) => new()
    {
        Origin = new Origin(new("line-1"), 1, number), Camera = new("cam"), Model = Windows.Model, From = Now.AddMinutes(-10 + number), To = Now.AddMinutes(-9 + number), Frames = 10,
        Histograms = new Dictionary<string, HistogramCounts> { [Covariates.Brightness] = new(ReferenceHistogram.EdgesIdOf(edges ?? [64, 128, 192]), counts, 0) }, Classes = new Dictionary<string, long>(),
    };
}

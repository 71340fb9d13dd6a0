using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Rollouts.Evidence;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Microsoft.Data.Sqlite;

namespace CvOps.Fleet.Tests.Rollouts.Evidence;

public sealed class InspectionCountsTests
{
    private static readonly CountLimits Limits = new(20_000, 500_000);

    [Fact]
    public void A_report_counts_for_the_model_in_charge_and_its_pair_for_the_challenger()
    {
        var report = Plans.Report("n1", 1, Plans.Old, "ok", Plans.New, "crack");
        var counted = Count(report with
        {
            Timings = new FrameTimings(1, 2, 20, 0), Prediction = new Prediction { Class = "ok", Confidence = 0.4 },
            Shadow = new ShadowPrediction(Plans.New, new Prediction { Class = "crack", Confidence = 0.9, Reject = true }),
        });
        Assert.False(counted!.Value.Challenger);
        Assert.Equal(new ArmCounts([(ArmCounter.Parts, 1), (ArmCounter.Unsure, 1), (ArmCounter.Confidence, 400_000), (ArmCounter.Timed, 1), (ArmCounter.Slow, 1)]), counted.Value.InCharge);
        Assert.Equal(new ArmCounts(
        [
            (ArmCounter.Pairs, 1), (ArmCounter.Discordant, 1), (ArmCounter.OnlyChallengerRejects, 1), (ArmCounter.OnlyChampionUnsure, 1),
            (ArmCounter.PairedChallengerConfidence, 900_000), (ArmCounter.PairedChampionConfidence, 400_000),
        ]), counted.Value.Pair);
    }

    [Fact]
    public void A_failed_inference_is_an_error_and_nothing_else()
    {
        var counted = Count(Plans.Report("n1", 1, Plans.New, null, Plans.Old, "ok", error: "NaN"));
        Assert.Equal((new ArmCounts([(ArmCounter.Parts, 1), (ArmCounter.Errors, 1)]), default), (counted!.Value.InCharge, counted.Value.Pair));
    }

    [Fact]
    public void Reports_of_other_models_and_shadows_of_other_models_count_nothing()
    {
        var other = new ModelRef("line", "0", new string('c', 64));
        Assert.Null(Count(Plans.Report("n1", 1, other, "ok", Plans.New, "ok")));
        Assert.Equal(default, Count(Plans.Report("n1", 1, Plans.New, "ok", other, "ok"))!.Value.Pair);
        Assert.Null(InspectionCounts.Of(Inspection.Of(Plans.Report("n1", 1, Plans.Old, "ok")), Plans.New.Digest, null, Limits));
    }

    [Fact]
    public void Where_no_latency_is_known_none_is_counted()
    {
        var report = Inspection.Of(Plans.Report("n1", 1, Plans.New, "ok"));
        Assert.Equal(0, InspectionCounts.Of(report, Plans.New.Digest, Plans.Old.Digest, CountLimits.Freeze(null))!.Value.InCharge[ArmCounter.Timed]);
        Assert.Null(Inspection.Of(Plans.Report("n1", 1, Plans.New, "ok") with { Timings = new FrameTimings(0, double.NaN, 0, 0) }).LatencyUs);
        Assert.Null(Inspection.Of(Plans.Report("n1", 1, Plans.New, "ok") with { Timings = new FrameTimings(0, -5, 0, 0) }).LatencyUs);
    }

    [Fact]
    public void Sums_are_kept_by_ring_by_line_and_by_arm()
    {
        using var folder = new TestFolder();
        // Other tests load the library at this very moment: twice over, and differently, ends the process.
        Sqlite.Initialise();
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, "fleet.db")}");
        connection.Open();
        Migrations.Apply(connection, Dialect.Sqlite);
        var one = new ArmCounts();
        foreach (var counter in Enum.GetValues<ArmCounter>()) one[counter] = (int)counter + 1;
        using (var counts = new CountTable(connection))
        {
            counts.Add("r", "a", 0, "line 4", Arms.Challenger, one);
            counts.Add("r", "a", 0, "line 4", Arms.Challenger, one);
            counts.Add("r", "b", 1, "line 5", Arms.Challenger, one);
            counts.Add("r", "c", 1, "line 5", Arms.Champion, one);
            counts.Save();
            Assert.Equal(one + one, counts.Of("r", "a", Arms.Challenger));
        }
        var sums = CountTable.Sums(connection, "r");
        Assert.Equal(["line 4", "line 5"], sums.Groups);
        Assert.Equal((one + one, one), (sums.Of("line 4", Arms.Challenger), sums.Of(1, Arms.Challenger)));
        Assert.Equal((one + one + one, one, default), (sums.Of(Arms.Challenger), sums.Of(Arms.Champion), sums.Of(Arms.Past)));
    }

    [Fact]
    public void Devices_are_grouped_by_line_and_by_site_where_there_are_too_many_lines()
    {
        Assert.Equal(["line 4", "line 4", ""], Groups([("a", "ulm", "4"), ("b", "ulm", "4"), ("c", "ulm", null)]));
        Assert.Equal(["line 4 at ulm", "line 4 at jena"], Groups([("a", "ulm", "4"), ("b", "jena", "4")]));
        Assert.Equal(["site ulm", "site jena"], Groups([.. Enumerable.Range(0, 40).Select(i => ($"{i}", i % 2 == 0 ? "ulm" : "jena", (string?)$"{i}"))]).Distinct());
        Assert.Equal([""], Groups([.. Enumerable.Range(0, 40).Select(i => ($"{i}", $"site-{i}", (string?)"1"))]).Distinct());
    }

    private static IEnumerable<string> Groups(IReadOnlyList<(string, string, string?)> devices) => EvidenceGroups.Of(devices).Select(pair => pair.Value);

    private static InspectionCounts? Count(InspectionReport report) => InspectionCounts.Of(Inspection.Of(report), Plans.New.Digest, Plans.Old.Digest, Limits);
}

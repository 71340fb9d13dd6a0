using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics.Causes;

namespace CvOps.Shared.Tests.Statistics;

public sealed class StreamRuleTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Now_and_then_a_damaged_frame_is_no_broken_stream_and_many_are()
    {
        Assert.Empty(StreamRule.Measure(new StreamCounts(), 200));
        var some = Assert.Single(StreamRule.Measure(new StreamCounts { Damaged = 4 }, 200));
        Assert.Equal(("stream-damaged", false, 1.0), (some.Covariate, some.Moved, some.PValue));
        Assert.False(StreamRule.Measure(new StreamCounts { Damaged = 8 }, 200)[0].Moved);
        var many = Assert.Single(StreamRule.Measure(new StreamCounts { Damaged = 30 }, 200));
        Assert.True(many.Moved);
        Assert.Equal((0.15, 0.02), (many.Mean, many.ReferenceMean));
        Assert.True(StreamRule.Measure(new StreamCounts { Repeated = 180 }, 200)[0].Moved);
        Assert.True(StreamRule.Measure(new StreamCounts { Unusable = 200 }, 200)[0].Moved);
        Assert.True(StreamRule.Measure(new StreamCounts { Failed = 50 }, 150)[0].Moved);
        // Older than two seconds; the last bin is above five.
        Assert.True(StreamRule.Measure(new StreamCounts { Ages = [0, 0, 0, 0, 0, 0, 0, 40, 60] }, 100)[0].Moved);
        Assert.Empty(StreamRule.Measure(new StreamCounts { Ages = [100, 0, 0, 0, 0, 0, 3] }, 103));
    }

    [Fact]
    public void More_trouble_than_frames_and_no_frames_at_all_are_shares_of_one_at_most()
    {
        Assert.Equal(1, StreamRule.Measure(new StreamCounts { Damaged = 900 }, 100)[0].Mean);
        Assert.InRange(StreamRule.Measure(new StreamCounts { Damaged = 3 }, 0)[0].PValue, 0, 1);
    }

    [Fact]
    public void A_model_that_moves_in_its_first_day_is_to_be_rolled_back_and_later_frames_are_to_be_labelled()
    {
        DriftCause Find(DateTimeOffset? modelSince) => DriftCauseRule.Find(new DriftScene("line-1/cam", [new CovariateDrift("confidence", 0.5, 1e-20, 0.1, 0.7, 0.9, true)], [], Noon, 1, 0, modelSince))!;
        Assert.Equal(("model-decay", "rollback"), (Find(Noon.AddHours(-3)).Name, Find(Noon.AddHours(-3)).Route));
        Assert.Equal(("model-decay", "labelling"), (Find(Noon.AddDays(-3)).Name, Find(Noon.AddDays(-3)).Route));
        Assert.Equal("labelling", Find(null).Route);
    }

    [Fact]
    public void The_table_of_causes_says_what_the_rule_does()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "CvOps.sln"))) folder = folder.Parent;
        var rows = File.ReadLines(Path.Combine(folder.FullName, "shared", "CvOps.Statistics", "Causes", "README.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| ---", StringComparison.Ordinal)).Skip(1)
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Select(cells => (cells[1], cells[2]));
        Assert.Equal(DriftCauseRule.Rules, rows);
    }
}

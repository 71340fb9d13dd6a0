using CvOps.Statistics;
using CvOps.Statistics.Change;

namespace CvOps.Shared.Tests.Statistics;

public sealed class ChangeDetectorTests
{
    private const int Frames = 50;

    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddDays(20_000);

    private readonly ChangeBetsCache _cache = new();

    /// <summary>
    /// 600 streams, each with a baseline of 300 frames of its own, watched for 300 windows at a limit that allows half a false alarm a stream in that time:
    /// windows of one, ten and fifty frames, parts seen once and three times, and a mix of classes.
    /// </summary>
    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(10, 1, true)]
    [InlineData(50, 1, true)]
    [InlineData(48, 3, true)]
    [InlineData(50, 1, false)]
    public void Quiet_streams_alarm_no_more_often_than_stated(int frames, int framesOfAPart, bool ordered)
    {
        const int Streams = 600;
        const int Windows = 300;
        var limit = 2 * Windows * ChangeDetector.YearsOf(TimeSpan.FromMinutes(1));
        var (chance, alarms) = (new Random(frames + framesOfAPart), 0);
        for (var stream = 0; stream < Streams; stream++)
        {
            double[] known = [.. Enumerable.Range(0, 300).Select(_ => Normal(chance))];
            var edges = ordered ? SampleDistances.TailEdges(known) : [-1, 0, 1.2, 2.2];
            var (reference, states) = (Count(edges, known), (ChangeState?)null);
            for (var window = 0; window < Windows; window++)
            {
                double[] parts = [.. Enumerable.Range(0, frames / framesOfAPart).Select(_ => Normal(chance))];
                states = See(reference, states, Count(edges, [.. parts.SelectMany(part => Enumerable.Repeat(part, framesOfAPart))]), window, ordered);
                if (states.Years < limit) continue;
                alarms++;
                break;
            }
        }

        // Half of them were allowed; the reference's own chance and the dispersion's first guess take their part of that.
        Assert.InRange(alarms, 0, Streams / 2);
    }

    [Theory]
    [InlineData(2, 1, 1)]
    [InlineData(-1, 1, 1)]
    [InlineData(0.5, 1, 7)]
    [InlineData(0, 2, 2)]
    [InlineData(0, 0.4, 3)]
    public void A_change_is_certain_after_a_few_windows_and_its_beginning_is_known(double shift, double spread, int windows)
    {
        var chance = new Random(5);
        double[] known = [.. Enumerable.Range(0, 1000).Select(_ => Normal(chance))];
        var edges = SampleDistances.TailEdges(known);
        ChangeState? state = null;
        for (var window = 0; window < 60; window++)
        {
            state = See(Count(edges, known), state, Count(edges, [.. Enumerable.Range(0, Frames).Select(_ => Normal(chance))]), window);
            Assert.InRange(state.Years, 0, 12);
        }

        for (var window = 60; window < 60 + (2 * windows); window++)
            state = See(Count(edges, known), state, Count(edges, [.. Enumerable.Range(0, Frames).Select(_ => shift + (spread * Normal(chance)))]), window);
        Assert.InRange(state!.Years, 12_000, ChangeDetector.Most);
        Assert.InRange(state.ChangedAt!.Value, Start.AddMinutes(58), Start.AddMinutes(61));
        Assert.Equal(0, state.Forget().Years);
    }

    [Fact]
    public void A_small_baseline_does_not_make_of_its_own_chance_a_change()
    {
        var chance = new Random(6);
        double[] known = [.. Enumerable.Range(0, 60).Select(_ => Normal(chance))];
        var edges = SampleDistances.TailEdges(known);
        ChangeState? state = null;
        for (var window = 0; window < 2000; window++) state = See(Count(edges, known), state, Count(edges, [.. Enumerable.Range(0, Frames).Select(_ => 0.2 + Normal(chance))]), window);
        Assert.InRange(state!.Years, 0, 12);
    }

    [Fact]
    public void A_class_never_seen_and_a_constant_picture_are_changes()
    {
        long[] classes = [300, 150, 50, 0];
        ChangeState? state = null;
        for (var window = 0; window < 4; window++) state = See(classes, state, [24, 12, 4, 10], window, ordered: false);
        Assert.InRange(state!.Years, 12_000, ChangeDetector.Most);

        var chance = new Random(7);
        double[] known = [.. Enumerable.Range(0, 500).Select(_ => Normal(chance))];
        var edges = SampleDistances.TailEdges(known);
        state = null;
        for (var window = 0; window < 4; window++) state = See(Count(edges, known), state, Count(edges, [.. Enumerable.Repeat(0.1, Frames)]), window);
        Assert.InRange(state!.Years, 12_000, ChangeDetector.Most);
    }

    [Fact]
    public void Nothing_counted_no_number_one_frame_and_an_empty_reference_are_no_evidence()
    {
        long[] reference = [100, 300, 100];
        var state = See(reference, null, Count([0, 1], [double.NaN, double.PositiveInfinity]), 0);
        Assert.Equal((0.0, -9.0), (state.Years, state.Evidence));
        var one = See(reference, state, [0, 0, 1], 1);
        Assert.InRange(one.Years, 1e-9, 1e-5);
        Assert.Equal(one, See(reference, one, [0, 0, 0], 2));

        foreach (long[] empty in new long[][] { [0, 0, 0], [] })
        {
            var silent = See(empty, null, empty.Length == 0 ? [] : [0, 0, 50], 0);
            Assert.Equal((0.0, null), (silent.Years, silent.ChangedAt));
        }

        Assert.Throws<ArgumentException>(() => See(reference, null, [1, 2], 0));
    }

    [Fact]
    public void A_clock_that_jumps_stands_still_or_gains_an_hour()
    {
        long[] reference = [100, 300, 100];
        ChangeState After(TimeSpan jump)
        {
            var state = See(reference, null, [10, 30, 10], 0);
            return ChangeDetector.Observe(_cache, reference, ordered: true, state, [0, 0, 1], Start + jump, Start + jump);
        }

        var hour = After(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(1)).Years;
        Assert.Equal(hour, After(TimeSpan.FromDays(3650)).Years);
        Assert.Equal(After(TimeSpan.Zero).Years, After(TimeSpan.FromDays(-3650)).Years);
        Assert.InRange(After(TimeSpan.FromDays(-3650)).Years, 1e-9, hour / 100);
    }

    [Fact]
    public void Another_reference_begins_anew_and_keeps_what_is_known_of_the_frames()
    {
        ChangeState? state = null;
        for (var window = 0; window < 30; window++) state = See([100, 300, 100], state, window % 2 == 0 ? [0, 0, 50] : [10, 30, 10], window);
        Assert.InRange(state!.Years, 12_000, ChangeDetector.Most);
        var next = See([10, 30, 500], state, [0, 0, 50], 30);
        Assert.InRange(next.Years, 0, 1);
        Assert.True(next.Spread.Value > 3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_dispersion_is_how_many_frames_show_one_part(int framesOfAPart)
    {
        var (chance, dispersion) = (new Random(8), Dispersion.Unknown);
        long[] Window() => Count([-1, -0.5, 0, 0.5, 1], [.. Enumerable.Range(0, 12).SelectMany(_ => Enumerable.Repeat(Normal(chance), framesOfAPart))]);
        var before = Window();
        for (var window = 0; window < 300; window++)
        {
            var now = Window();
            dispersion = dispersion.Observe(before, now);
            before = now;
        }

        Assert.InRange(dispersion.Value, Math.Max(1, 0.75 * framesOfAPart), 1.3 * framesOfAPart);
        Assert.Equal(dispersion, dispersion.Observe(before, [0, 0, 0, 0, 0, 0]));
        Assert.Equal(dispersion, dispersion.Observe(before, [1]));
    }

    private ChangeState See(long[] reference, ChangeState? state, long[] counts, int window, bool ordered = true) =>
        ChangeDetector.Observe(_cache, reference, ordered, state, counts, Start.AddMinutes(window), Start.AddMinutes(window + 0.9));

    private static long[] Count(double[] edges, double[] values)
    {
        var histogram = new Histogram(edges);
        foreach (var value in values) histogram.Add(value);
        return [.. histogram.Counts];
    }

    private static double Normal(Random chance) => Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
}

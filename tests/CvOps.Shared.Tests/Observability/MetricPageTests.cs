using System.Diagnostics.Metrics;
using CvOps.Observability.Metrics;

namespace CvOps.Shared.Tests.Observability;

public sealed class MetricPageTests
{
    private static readonly MetricRule Parts = new("cvops_test_parts_total", MetricKind.Counter, "Parts \\ of\na line.", "site", "state");
    private static readonly MetricRule Plain = new("cvops_test_size_bytes", MetricKind.Gauge, "A size.");
    private static readonly MetricRule Times = new("cvops_test_run_seconds", MetricKind.Histogram, "A run.", "camera") { Bounds = [0.1, 1] };

    [Fact]
    public void Values_of_a_metric_stand_together_under_its_type_and_labels_are_escaped()
    {
        var page = new MetricPage().Add(Parts, 1, "ulm", "a \"b\" \\ c\n").Add(Plain, double.PositiveInfinity).Add(Parts, 2.5, "berlin", "x").Declare(Times);
        Assert.Equal(
            """
            # HELP cvops_test_parts_total Parts \\ of\na line.
            # TYPE cvops_test_parts_total counter
            cvops_test_parts_total{site="ulm",state="a \"b\" \\ c\n"} 1
            cvops_test_parts_total{site="berlin",state="x"} 2.5
            # HELP cvops_test_size_bytes A size.
            # TYPE cvops_test_size_bytes gauge
            cvops_test_size_bytes +Inf
            # HELP cvops_test_run_seconds A run.
            # TYPE cvops_test_run_seconds histogram

            """, page.Text());
    }

    [Fact]
    public void A_histogram_counts_what_is_at_most_as_large_as_each_end()
    {
        var histogram = new MetricHistogram(Times);
        foreach (var seconds in new[] { 0.05, 0.1, 0.5, 1, 7 }) histogram.Record(seconds, "cam-1");
        Assert.Equal(
            """
            # HELP cvops_test_run_seconds A run.
            # TYPE cvops_test_run_seconds histogram
            cvops_test_run_seconds_bucket{camera="cam-1",le="0.1"} 2
            cvops_test_run_seconds_bucket{camera="cam-1",le="1"} 4
            cvops_test_run_seconds_bucket{camera="cam-1",le="+Inf"} 5
            cvops_test_run_seconds_sum{camera="cam-1"} 8.65
            cvops_test_run_seconds_count{camera="cam-1"} 5

            """, new MetricPage().Add(histogram).Text());
    }

    [Fact]
    public void However_many_labels_come_a_page_stays_bounded_and_nothing_is_missing_from_the_sum()
    {
        var page = new MetricPage();
        for (var i = 0; i < 3 * MetricPage.MostSeries; i++) page.Add(Parts, 1, $"site-{i}", "x");
        var values = page.Of(Parts).ToArray();
        Assert.Equal(MetricPage.MostSeries + 1, values.Length);
        Assert.Equal(3 * MetricPage.MostSeries, values.Sum(it => it.Value));
        Assert.Equal([MetricPage.Other, MetricPage.Other], values.Single(it => it.Value > 1).Labels);

        var histogram = new MetricHistogram(Times);
        for (var i = 0; i < 3 * MetricHistogram.MostSeries; i++) histogram.Record(0.5, $"cam-{i}");
        var series = histogram.Read().ToArray();
        Assert.Equal(MetricHistogram.MostSeries + 1, series.Length);
        Assert.Equal(3 * MetricHistogram.MostSeries, series.Sum(it => it.Counts.Counts.Sum()));

        var names = new BoundedNames(2);
        Assert.Equal(["a", "b", MetricPage.Other, "a"], new[] { "a", "b", "c", "a" }.Select(names.Of));
    }

    [Fact]
    public void Labels_that_are_missing_are_a_mistake_of_ours() =>
        Assert.Throws<ArgumentException>(() => new MetricPage().Add(Parts, 1, "ulm"));

    [Fact]
    public void A_recorded_value_allocates_nothing()
    {
        var histogram = new MetricHistogram(Times);
        for (var i = 0; i < 1000; i++) histogram.Record(0.5, "cam-1");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++) histogram.Record(0.5, "cam-1");
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Whoever_listens_to_the_meter_sees_what_the_page_has()
    {
        using var meter = new MetricMeter("CvOps.Test", "1", [Parts, Plain, Times], () => new MetricPage().Add(Parts, 3, "ulm", "x").Add(Plain, 7), TimeProvider.System);
        var seen = new List<string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, it) => { if (instrument.Meter.Name == "CvOps.Test") it.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => seen.Add($"{instrument.Name} {instrument.Unit} {value} {string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}"));
        listener.Start();
        listener.RecordObservableInstruments();
        meter.Histogram(Times).Record(0.25, "cam-1");
        Assert.Equal(["cvops_test_parts_total  3 site=ulm,state=x", "cvops_test_size_bytes By 7 ", "cvops_test_run_seconds s 0.25 camera=cam-1"], seen);
    }
}

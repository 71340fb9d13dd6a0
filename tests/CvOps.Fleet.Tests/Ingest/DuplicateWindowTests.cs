using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Tests.Ingest;

public sealed class DuplicateWindowTests
{
    private static readonly DeviceId Device = new("line-1");

    /// <summary>Against the plain set of everything seen: any order within the width, duplicates, saving in between.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_agrees_with_a_set_for_any_order_within_its_width(int seed)
    {
        var random = new Random(seed);
        var window = new DuplicateWindow();
        var seen = new HashSet<(long, int, long)>();
        for (var i = 0; i < 20_000; i++)
        {
            var origin = new Origin(Device, random.Next(1, 4), Math.Max(1, i / 3 + random.Next(-1500, 1500)), random.Next(0, 3));
            Assert.Equal(seen.Add((origin.Boot, origin.Stream, origin.Sequence)), window.TryApply(origin));
            if (i % 1000 == 0) window = DuplicateWindow.Load(window.Save());
        }
    }

    [Fact]
    public void Messages_in_order_are_remembered_in_a_few_bytes()
    {
        var window = new DuplicateWindow();
        for (var i = 1; i <= 100_000; i++) Assert.True(window.TryApply(new Origin(Device, 1, i)));
        Assert.InRange(window.Save().Length, 1, 16);
        Assert.False(window.TryApply(new Origin(Device, 1, 1)));
    }

    [Fact]
    public void A_gap_that_the_spool_evicted_does_not_stop_what_follows()
    {
        var window = new DuplicateWindow();
        Assert.True(window.TryApply(new Origin(Device, 1, 1)));
        Assert.True(window.TryApply(new Origin(Device, 1, 1_000_000)));
        Assert.False(window.TryApply(new Origin(Device, 1, 1_000_000)));
        Assert.True(window.TryApply(new Origin(Device, 1, 999_999)));
        Assert.False(window.TryApply(new Origin(Device, 1, 2)));
    }

    [Fact]
    public void An_earlier_boot_that_is_still_in_the_spool_is_applied()
    {
        var window = new DuplicateWindow();
        Assert.True(window.TryApply(new Origin(Device, 7, 1)));
        Assert.True(window.TryApply(new Origin(Device, 6, 40)));
        Assert.False(window.TryApply(new Origin(Device, 6, 40)));
    }

    /// <summary>An outage of many boots: results are a million ahead of the frames that were held back for them, and everything comes twice.</summary>
    [Fact]
    public void A_stream_a_million_behind_another_loses_and_doubles_nothing()
    {
        const int results = 1_000_000, frames = 5_000, restarts = 40;
        var window = new DuplicateWindow();
        var (applied, doubled) = (0, 0);
        for (var i = 1; i <= results; i++) applied += window.TryApply(Of(2, i, results)) ? 1 : 0;
        window = DuplicateWindow.Load(window.Save());
        for (var i = 1; i <= frames; i++) applied += window.TryApply(Of(4, i, frames)) ? 1 : 0;
        for (var i = 1; i <= results; i++) doubled += window.TryApply(Of(2, i, results)) ? 1 : 0;
        for (var i = 1; i <= frames; i++) doubled += window.TryApply(Of(4, i, frames)) ? 1 : 0;
        Assert.Equal((results + frames, 0), (applied, doubled));

        static Origin Of(int stream, int i, int of)
        {
            var each = of / restarts;
            return new Origin(Device, 1 + ((i - 1) / each), 1 + ((i - 1) % each), stream);
        }
    }

    [Fact]
    public void Marks_of_a_fleet_that_knew_no_streams_are_those_of_stream_0()
    {
        // Version 1: two boots, marks 5 and 300, nothing ahead.
        var window = DuplicateWindow.Load([1, 2, 7, 5, 0, 8, 0xAC, 2, 0]);
        Assert.False(window.TryApply(new Origin(Device, 7, 5)));
        Assert.False(window.TryApply(new Origin(Device, 8, 300)));
        Assert.True(window.TryApply(new Origin(Device, 8, 301)));
        Assert.True(window.TryApply(new Origin(Device, 8, 5, 2)));
    }

    [Fact]
    public void Damaged_bytes_are_refused() => Assert.Throws<InvalidDataException>(() => DuplicateWindow.Load([1, 200]));
}

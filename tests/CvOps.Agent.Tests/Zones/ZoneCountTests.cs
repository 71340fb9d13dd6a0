using CvOps.Agent.Zones;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Tests.Zones;

/// <summary>Visits and crossings of objects on known ways, ten frames a second in a picture of 1000 x 1000.</summary>
public sealed class ZoneCountTests
{
    private static readonly AreaOptions LeftHalf = new()
    {
        Name = "left", Polygon = [Point(0, 0), Point(0.5, 0), Point(0.5, 1), Point(0, 1)], DwellLimit = TimeSpan.FromSeconds(2),
    };
    private static readonly LineOptions Middle = new() { Name = "middle", From = Point(0.5, 1), To = Point(0.5, 0.2) };

    private DateTimeOffset _now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_visit_is_counted_with_its_dwell()
    {
        var area = new AreaVisits(LeftHalf, Anchor.Bottom);
        for (var x = 0; x < 500; x += 20) Frame(area, At(1, x));
        Assert.Equal((1, 1, 0), (area.Tallies.Single().Present, area.Tallies.Single().Entered, area.Tallies.Single().Left));
        for (var x = 500; x < 700; x += 20) Frame(area, At(1, x));
        var count = Assert.Single(area.TakeCounts());
        Assert.Equal(new ZoneCount("left", "part", 0, 1, 1, 2.4, 2.4, 1), count with { DwellSeconds = Math.Round(count.DwellSeconds, 6), LongestSeconds = Math.Round(count.LongestSeconds, 6) });
        Assert.Equal(new ZoneCount("left", "part", 0, 0, 0, 0, 0, 0), Assert.Single(area.TakeCounts()));
    }

    [Fact]
    public void Trembling_at_the_edge_and_a_missed_frame_are_one_visit()
    {
        var area = new AreaVisits(LeftHalf, Anchor.Bottom);
        for (var i = 0; i < 30; i++)
        {
            if (i % 7 == 0) Frame(area);
            else Frame(area, At(1, i % 3 == 0 ? 503 : 497));
        }
        Assert.Equal((1, 1), (area.Tallies.Single().Present, area.Tallies.Single().Entered));
    }

    [Fact]
    public void Classes_are_counted_apart_and_others_not_at_all()
    {
        var area = new AreaVisits(LeftHalf with { Classes = ["part", "person"] }, Anchor.Bottom);
        Frame(area, At(1, 100), At(2, 200, "person"), At(3, 300, "dog"), At(4, 900), At(null, 100));
        Assert.Equal([("part", 1L), ("person", 1L)], area.Tallies.Select(tally => (tally.Class, tally.Entered)));
    }

    [Fact]
    public void What_stands_in_the_zone_is_told_by_the_foot_of_the_box_or_by_its_middle()
    {
        AreaOptions lower = new() { Name = "lower", Polygon = [Point(0, 0.5), Point(1, 0.5), Point(1, 1), Point(0, 1)] };
        var (foot, middle) = (new AreaVisits(lower, Anchor.Bottom), new AreaVisits(lower, Anchor.Centre));
        Detection[] boxes = [new("part", 0.9, 100, 300, 50, 300) { Track = 1 }];
        foot.Update([.. boxes], _now, 1000, 1000);
        middle.Update([.. boxes], _now, 1000, 1000);
        Assert.Equal((1, 0), (foot.Tallies.Count, middle.Tallies.Count));
    }

    [Fact]
    public void A_new_connection_ends_every_visit()
    {
        var area = new AreaVisits(LeftHalf, Anchor.Bottom);
        Frame(area, At(1, 100), At(2, 200));
        area.Clear();
        Assert.Equal((0, 2), (area.Tallies.Single().Present, area.Tallies.Single().Left));
    }

    [Fact]
    public void Crossings_are_counted_by_way()
    {
        var line = new LineCrossings(Middle, Anchor.Bottom);
        for (var x = 300; x <= 700; x += 50) Frame(line, At(1, x), At(2, 1000 - x), At(3, x, y: 100));
        // From the lower end upwards, right is where x grows; the third passed beyond the line's end.
        Assert.Equal(new LineCount("middle", "part", 1, 1), Assert.Single(line.TakeCounts()));
        for (var x = 700; x >= 300; x -= 50) Frame(line, At(1, x));
        Assert.Equal(new LineCount("middle", "part", 0, 1), Assert.Single(line.TakeCounts()));
    }

    [Fact]
    public void Who_trembles_on_the_line_does_not_cross_it()
    {
        var line = new LineCrossings(Middle, Anchor.Bottom);
        Frame(line, At(1, 450));
        for (var i = 0; i < 50; i++) Frame(line, At(1, i % 2 == 0 ? 492 : 508));
        Assert.Empty(line.Tallies);
        Frame(line, At(1, 520));
        Assert.Equal(1, line.Tallies.Single().In);
    }

    [Fact]
    public void Nothing_is_allocated_a_frame()
    {
        var (area, line) = (new AreaVisits(LeftHalf, Anchor.Bottom), new LineCrossings(Middle, Anchor.Bottom));
        var boxes = Enumerable.Range(0, 20).Select(i => At(i, i * 50)).ToList();
        for (var i = 0; i < 100; i++) Move();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 500; i++) Move();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(line.Tallies.Single().In > 50);

        void Move()
        {
            foreach (var box in boxes) box.X = (box.X + 23) % 980;
            _now += TimeSpan.FromSeconds(0.1);
            area.Update(boxes, _now, 1000, 1000);
            line.Update(boxes, _now, 1000, 1000);
        }
    }

    private void Frame(AreaVisits area, params Detection[] boxes) => area.Update([.. boxes], Tick(), 1000, 1000);

    private void Frame(LineCrossings line, params Detection[] boxes) => line.Update([.. boxes], Tick(), 1000, 1000);

    private DateTimeOffset Tick() => _now += TimeSpan.FromSeconds(0.1);

    /// <summary>A box whose foot is at x, y.</summary>
    private static Detection At(long? track, double x, string cls = "part", double y = 600) => new(cls, 0.9, x - 20, y - 60, 40, 60) { Track = track };

    private static ZonePoint Point(double x, double y) => new() { X = x, Y = y };
}

using CvOps.Agent.Zones;

namespace CvOps.Agent.Tests.Zones;

public sealed class ZoneRuleTests
{
    [Fact]
    public void A_point_is_in_a_polygon_by_the_even_odd_rule()
    {
        // A U: the notch is outside.
        ZonePoint[] u = [P(0.1, 0.1), P(0.4, 0.1), P(0.4, 0.6), P(0.6, 0.6), P(0.6, 0.1), P(0.9, 0.1), P(0.9, 0.9), P(0.1, 0.9)];
        Assert.True(ZoneRule.Contains(u, new PixelPoint(200, 300), 1000, 1000));
        Assert.True(ZoneRule.Contains(u, new PixelPoint(500, 700), 1000, 1000));
        Assert.False(ZoneRule.Contains(u, new PixelPoint(500, 300), 1000, 1000));
        Assert.False(ZoneRule.Contains(u, new PixelPoint(950, 500), 1000, 1000));
        Assert.True(ZoneRule.Contains(u, new PixelPoint(400, 175), 2000, 250));
    }

    [Fact]
    public void Right_is_right_of_who_looks_along_the_line()
    {
        var (a, b) = (new PixelPoint(100, 100), new PixelPoint(200, 100));
        Assert.Equal(50, ZoneRule.Side(a, b, new PixelPoint(150, 150)), 9);
        Assert.Equal(-50, ZoneRule.Side(a, b, new PixelPoint(0, 50)), 9);
    }

    [Theory]
    [InlineData(150, 150, true)]
    [InlineData(110, 190, true)]
    [InlineData(300, 300, false)]
    [InlineData(90, 90, false)]
    [InlineData(90, 300, true)]
    public void A_way_around_the_end_is_no_crossing(double fromX, double toX, bool crosses) =>
        Assert.Equal(crosses, ZoneRule.PassesBetween(new PixelPoint(100, 100), new PixelPoint(200, 100), new PixelPoint(fromX, 50), new PixelPoint(toX, 150)));

    private static ZonePoint P(double x, double y) => new() { X = x, Y = y };
}

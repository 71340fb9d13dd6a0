using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Api;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Web;
using CvOps.Plans.Yaml;

namespace CvOps.Fleet.Tests.Web;

public sealed class WebRuleTests
{
    [Fact]
    public void Sites_and_lines_with_trouble_come_first_and_the_others_as_people_order_them()
    {
        var map = FleetMap.Of(
        [
            (Set("plant-b", "2"), new TwinCounts { Devices = 4, Online = 4 }),
            (Set("plant-a", "10"), new TwinCounts { Devices = 2, Online = 2, Cameras = 2, CamerasLive = 2 }),
            (Set("plant-a", "2"), new TwinCounts { Devices = 3, Online = 3 }),
            (Set("plant-c", "1"), new TwinCounts { Devices = 1, Online = 0, Errors = 1 }),
            (Set("plant-a", "2", ("hardware", "orin")), new TwinCounts { Devices = 1, Online = 1 }),
        ]);
        Assert.Equal(["plant-c", "plant-a", "plant-b"], map.Select(site => site.Name));
        Assert.Equal([("2", 4), ("10", 2)], map[1].Lines.Select(line => (line.Name, line.Counts.Devices)));
        Assert.Equal(6, map[1].Counts.Devices);
    }

    [Fact]
    public void Of_many_sites_those_with_trouble_stand_there_with_the_lines_that_have_it()
    {
        var many = FleetMap.Of(Enumerable.Range(0, 200).SelectMany(site => Enumerable.Range(0, 20).Select(line => (Set($"p{site}", $"{line}"), new TwinCounts { Devices = 3, Online = 3, Errors = site == 17 && line == 4 ? 1 : 0 }))));
        var (cards, rows) = FleetMap.Sort(many);
        Assert.Equal(["p17"], cards.Select(site => site.Name));
        Assert.Equal(["4"], cards[0].Lines.Select(line => line.Name));
        Assert.Equal((60, 199), (cards[0].Counts.Devices, rows.Count));
        var few = FleetMap.Of(Enumerable.Range(0, 12).Select(site => (Set($"p{site}", "1"), new TwinCounts { Devices = 3, Online = 3 })));
        Assert.Equal((12, 0), (FleetMap.Sort(few).Cards.Count, FleetMap.Sort(few).Rows.Count));
    }

    [Theory]
    [InlineData("line-2", "line-10")]
    [InlineData("a", "b")]
    [InlineData("cam-1", "cam-1b")]
    [InlineData("cam-01", "cam-2")]
    public void Names_are_ordered_as_people_do(string first, string second)
    {
        Assert.True(NaturalOrder.Instance.Compare(first, second) < 0);
        Assert.True(NaturalOrder.Instance.Compare(second, first) > 0);
        Assert.Equal(0, NaturalOrder.Instance.Compare(first, first));
    }

    [Fact]
    public void What_needs_a_person_says_what_is_wrong_apart_from_what_to_do()
    {
        var card = AttentionCard.Of(new Attention("error", "line-4 is offline: check its power, its network: both.", "/devices/line-4", DateTimeOffset.UnixEpoch));
        Assert.Equal(("line-4 is offline", "Check its power, its network: both.", "devices/line-4", true), (card.What, card.Do, card.Link, card.Urgent));
        Assert.Null(AttentionCard.Of(new Attention("warning", "Something is odd.", "/", DateTimeOffset.UnixEpoch)).Do);
    }

    [Fact]
    public void Every_kind_of_change_that_the_fleet_tells_reaches_pages()
    {
        string[] kinds = ["device", "rollout", "drift", "frame", "training", "run", "model", "deadletter", "quality"];
        Assert.Equal(kinds.Length, kinds.Select(PagePulse.BitOf).Where(bit => bit != 0).Distinct().Count());
        Assert.Equal(0, PagePulse.BitOf("weather"));
    }

    private static Traits Set(string site, string line, params (string Key, string Value)[] labels) =>
        new(new SiteId(site), labels.Append(("line", line)).ToDictionary(pair => pair.Item1, pair => pair.Item2));

    [Theory]
    [InlineData("line", "v2")]
    [InlineData("m8 & \"screws\": #1", "2.0 {beta}")]
    [InlineData("...", "---")]
    public void The_plan_that_is_proposed_for_a_model_is_sound_whatever_the_model_is_called(string name, string version)
    {
        var reading = PlanReader.Yaml(FirstPlan.Of(new ModelRef(name, version, new string('a', 64))));
        Assert.Empty(reading.Mistakes);
        Assert.Equal((new string('a', 64), true, 2, true), (reading.Plan!.Model, reading.Plan.Everything, reading.Plan.Rings.Count, reading.Plan.Rings[1].Approval));
    }
}

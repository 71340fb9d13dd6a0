using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Planning;
using CvOps.Plans;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class RingPlannerTests
{
    private static readonly Candidate[] Fleet =
    [
        Plans.Device("n1"), Plans.Device("n2"), Plans.Device("n3"), Plans.Device("s1", "south"), Plans.Device("s2", "south"), Plans.Device("w1", "west"),
    ];

    private static RingAssignment Assign(RolloutPlan plan, IReadOnlyList<Candidate> fleet, params string[] groups) => RingPlanner.Assign(plan, fleet, groups);

    private static string Rings(RingAssignment dealt) => string.Join(" | ", dealt.Devices.GroupBy(d => d.Ring).Select(g => string.Join(',', g.Select(d => d.Device.Value).Order())));

    private static string Mistakes(RolloutPlan plan, params Candidate[] fleet) => string.Join(' ', Assign(plan, fleet).Mistakes);

    /// <summary>Without labels that make strata, the sites take turns.</summary>
    [Fact]
    public void The_first_ring_has_a_device_of_each_site()
    {
        var dealt = Assign(Plans.Of(new("canary", Count: 3), new("rest", Percent: 100)) with { Strata = [] }, Fleet);
        Assert.Equal("nsw", string.Concat(dealt.Devices.Where(d => d.Ring == 0).Select(d => d.Device.Value[0]).Order()));
        Assert.Equal(6, dealt.Devices.Length);
    }

    [Fact]
    public void The_same_fleet_in_any_order_gives_the_same_rings_and_another_model_other_canaries()
    {
        var plan = Plans.Of(new("a", Percent: 20), new("b", Percent: 30), new("c", Percent: 100));
        Candidate[] fleet = [.. Enumerable.Range(0, 200).Select(i => Plans.Device($"d{i}", $"site-{i % 7}"))];
        var shuffled = fleet.ToArray();
        new Random(7).Shuffle(shuffled);
        Assert.Equal(Assign(plan, fleet).Devices, Assign(plan, shuffled).Devices);
        Assert.Equal([40, 60, 100], Assign(plan, fleet).Devices.GroupBy(d => d.Ring).Select(ring => ring.Count()));
        Assert.NotEqual(Rings(Assign(plan, fleet)), Rings(Assign(plan with { Model = new string('c', 64) }, fleet)));
    }

    [Fact]
    public void Named_devices_are_kept_for_their_ring()
    {
        var dealt = Assign(Plans.Of(new("first", Count: 5), new("last", Devices: [new DeviceId("n3")])), Fleet);
        Assert.Equal("n1,n2,s1,s2,w1 | n3", Rings(dealt));
    }

    [Fact]
    public void A_ring_can_be_a_selector_over_what_is_left()
    {
        var plan = Plans.Of(new("south", Devices: [new DeviceId("s1")]), new("s") { Select = "site in (south,west)" }, new("rest", Percent: 100));
        Assert.Equal("s1 | s2,w1 | n1,n2,n3", Rings(Assign(plan, Fleet)));
        Assert.Contains("None of the targets", Mistakes(plan with { Rings = [new("a", Percent: 100), new("s") { Select = "site=south" }] }, Fleet), StringComparison.Ordinal);
        Assert.Contains("rings[0].select: No device has site=sout; did you mean 'south'?", Mistakes(plan with { Rings = [new("s") { Select = "site=sout" }] }, Fleet), StringComparison.Ordinal);
    }

    [Fact]
    public void Target_and_selector_hold_together()
    {
        var plan = Plans.Of(new RolloutRing("all", Percent: 100)) with { Everything = false, Target = new Dictionary<string, string> { ["site"] = "north" } };
        Assert.Equal("n1,n2,n3", Rings(Assign(plan, Fleet)));
        Assert.Equal("n1,n3", Rings(Assign(plan with { Select = "line!=2" }, Fleet)));
        Assert.Equal("n2,s2", Rings(Assign(plan with { Target = new Dictionary<string, string>(), Select = "group=twos" }, [.. Fleet.Select(d => d.Id.Value[^1] == '2' ? d with { Groups = ["twos"] } : d)], "twos")));
    }

    [Fact]
    public void Everything_has_to_be_said_and_to_be_true()
    {
        var some = Plans.Of(new RolloutRing("all", Percent: 100)) with { Everything = false };
        Assert.Contains("matches every one of the fleet's 6 devices; if that is meant, say 'target: everything'", Mistakes(some with { Select = "site" }, Fleet), StringComparison.Ordinal);
        Assert.Contains("says that everything is meant, but site=south matches 2 of 6", Mistakes(some with { Everything = true, Select = "site=south" }, Fleet), StringComparison.Ordinal);
        Assert.Equal("n1", Rings(Assign(some with { Select = "site=north" }, [Fleet[0]])));
    }

    [Fact]
    public void A_device_that_has_the_model_already_is_left_out()
    {
        var dealt = Assign(Plans.Of(new RolloutRing("all", Percent: 100)), [Plans.Device("n1", active: Plans.New), Plans.Device("n2")]);
        Assert.Equal("n2", Rings(dealt));
        Assert.Contains("1 device of the target run this model already", Assert.Single(dealt.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Devices_in_no_ring_are_told_about() =>
        Assert.Contains("4 devices of 6 targets are in no ring", Assert.Single(Assign(Plans.Of(new RolloutRing("a", Count: 2)), Fleet).Notes), StringComparison.Ordinal);

    [Fact]
    public void Devices_that_do_not_fit_are_named()
    {
        var all = Plans.Of(new RolloutRing("all", Percent: 100));
        Assert.Contains("n1 is in rollout 'other'", Mistakes(all, Plans.Device("n1", heldBy: "other")), StringComparison.Ordinal);
        Assert.Contains("d0, d1, d2, d3, d4 and 95 more are in rollout 'other'", Mistakes(all, [.. Enumerable.Range(0, 100).Select(i => Plans.Device($"d{i}", heldBy: "other")).OrderByDescending(d => d.Id.Value)])
            .Replace("d0, d1, d10, d11, d12", "d0, d1, d2, d3, d4", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("no first installation", Mistakes(all with { FirstInstallation = true }, Plans.Device("n1")), StringComparison.Ordinal);
        Assert.Contains("nothing to compare with", Mistakes(all, Plans.Device("n1") with { Active = null }), StringComparison.Ordinal);
        Assert.Contains("No device has site=moon", Mistakes(all with { Everything = false, Select = "site=moon" }, Fleet), StringComparison.Ordinal);
        Assert.Contains("No device matches the target (site=north,site=south)", Mistakes(all with { Everything = false, Select = "site=north,site=south" }, Fleet), StringComparison.Ordinal);
        Assert.Contains("runs this model already", Mistakes(all, Plans.Device("n1", active: Plans.New)), StringComparison.Ordinal);
        Assert.Contains("rings[0].count: The ring wants 9 devices; 6 of 6", Mistakes(Plans.Of(new RolloutRing("a", Count: 9)), Fleet), StringComparison.Ordinal);
        Assert.Contains("gets no device", Mistakes(Plans.Of(new("a", Percent: 100), new("b", Percent: 1)), Fleet), StringComparison.Ordinal);
        Assert.Contains("x is not among the targets", Mistakes(Plans.Of(new RolloutRing("a", Devices: [new DeviceId("x")])), Fleet), StringComparison.Ordinal);
    }

    [Fact]
    public void Late_devices_join_the_last_ring_where_the_plan_says_so()
    {
        var plan = Plans.Of(new("a", Count: 1), new("b", Percent: 100)) with { Everything = false, Select = "site=south" };
        Candidate[] others = [.. Fleet.Where(device => device.Id.Value != "s1")];
        Assert.Empty(RingPlanner.Late(plan, others));
        var late = Assert.Single(RingPlanner.Late(plan with { Late = LateDevices.Join }, [.. others, Plans.Device("s3", "south", Plans.New), Plans.Device("s4", "south", heldBy: "other")]));
        Assert.Equal((new DeviceId("s2"), 1, RolloutDeviceState.Waiting), (late.Device, late.Ring, late.State));
    }

    [Fact]
    public void Every_mistake_of_a_plan_is_listed_at_once()
    {
        var plan = Plans.Of(new("a", Count: 1, Percent: 5), new("a", Percent: 80), new("", Percent: 70) { Select = "site==" }) with
        {
            Everything = false,
            Select = "line in (3",
            Configuration = "x",
            Soak = new Soak(-1, 0, 0),
            Guardrails = new Guardrails { FalseStopRisk = 0.5, FalsePromotionRisk = 0, NonInferiorityMargin = 1, ErrorRate = double.NaN, FailedUpdates = -1, Disagreement = 0.6, Controls = -1, Rejects = new MetricGuard(0.5, Shift: 1), Latency = null!, Confidence = new MetricGuard() },
            Shadow = new ShadowStage(0, -1, 0),
            Windows = [new("22:00"), new("9:00", "10:00"), new(TimeZone: "Europe/Berlin", Shift: "x"), new("22:00", "05:00", ["mon"], "Europe/Bärlin"), new(), new(IdleSeconds: -1)],
            Limits = new RolloutLimits(0, 0, 0),
            Offline = new OfflineRule(-1),
            Priority = 1001,
            Strata = ["li ne"],
            StartsAt = DateTimeOffset.UnixEpoch,
            ExpiresAt = DateTimeOffset.UnixEpoch,
        };
        var mistakes = PlanRule.Check(plan).Select(mistake => mistake.Path).ToHashSet();
        Assert.Equal((string[])
        [
            "configuration", "select", "rings[0]", "rings[1].name", "rings[2].name", "rings[2]", "rings[2].select", "rings", "soak.seconds", "soak.parts", "soak.timeout-seconds",
            "guardrails.false-stop-risk", "guardrails.false-promotion-risk", "guardrails.non-inferiority-margin", "guardrails.error-rate", "guardrails.failed-updates",
            "guardrails.disagreement", "guardrails.controls", "guardrails.latency", "guardrails.rejects.ratio", "guardrails.rejects.shift", "guardrails.confidence.then",
            "windows[0]", "windows[1]", "windows[2].time-zone", "windows[3]", "windows[3].time-zone", "windows[4]", "windows[5].idle-seconds",
            "limits.devices", "limits.per-site", "limits.bytes-per-second", "offline.wait-seconds", "priority", "expires-at",
            "shadow.frames", "shadow.devices", "shadow.timeout-seconds", "shadow", "strata[0]",
        ], mistakes);
    }

    [Fact]
    public void A_plan_that_names_no_devices_is_refused() =>
        Assert.Contains("say 'target: everything'", Assert.Single(PlanRule.Check(Plans.Of(new RolloutRing("a", Count: 1)) with { Everything = false })).Problem, StringComparison.Ordinal);

    [Fact]
    public void A_last_ring_of_a_hundred_percent_takes_everybody_else() =>
        Assert.Empty(PlanRule.Check(Plans.Of(new("a", Percent: 2), new("b", Percent: 50), new("c", Percent: 100))));
}

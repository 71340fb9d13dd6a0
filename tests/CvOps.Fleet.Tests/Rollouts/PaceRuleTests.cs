using System.Globalization;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Tests.Rollouts;

public sealed class PaceRuleTests
{
    private static readonly DateTimeOffset Noon = At("2026-03-10T12:00Z");
    private static readonly RolloutPlan Plan = Plans.Of(new RolloutRing("all", Percent: 100));
    private static readonly RolloutWindow Night = new("22:00", "05:00", TimeZone: "Europe/Berlin");
    private static readonly SiteShifts Shifts = new(new SiteId("ulm"), "Europe/Berlin", [new("early", "06:00", "14:00"), new("late", "14:00", "22:00"), new("night", "22:00", "06:00", ["mo", "tu"])]);

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static PaceMoment Moment(DateTimeOffset now, params (string Site, int Changing)[] changing) => new()
    {
        Now = now, RingSince = Noon - TimeSpan.FromHours(1), Changing = changing.ToDictionary(x => x.Site, x => x.Changing), Shifts = new Dictionary<string, SiteShifts> { ["ulm"] = Shifts },
    };

    private static PaceDevice Device(string id, string site = "ulm", bool online = true, DateTimeOffset? seen = null, DateTimeOffset? part = null, string? heldBy = null) =>
        new(new DeviceId(id), new SiteId(site), online, seen ?? Noon, part, heldBy);

    private static PaceDevice[] Devices(int ulm, int bonn = 0) =>
        [.. Enumerable.Range(1, ulm).Select(i => Device($"u{i}")), .. Enumerable.Range(1, bonn).Select(i => Device($"b{i}", "bonn"))];

    private static string Told(PaceDecision decision) => string.Join(',', decision.Tell);

    [Fact]
    public void Without_limits_everybody_who_is_there_is_told()
    {
        var decision = PaceRule.Decide(Plan, Moment(Noon), Devices(3, 2));
        Assert.Equal("u1,u2,u3,b1,b2", Told(decision));
        Assert.Null(decision.Sentence);
        Assert.Null(decision.LookAgain);
    }

    [Theory]
    [InlineData("2026-03-10T12:00Z", false, "2026-03-10T21:00Z")]  // winter: 22:00 is 21:00 in UTC
    [InlineData("2026-03-10T21:00Z", true, null)]
    [InlineData("2026-03-11T03:59Z", true, null)]
    [InlineData("2026-03-11T04:00Z", false, "2026-03-11T21:00Z")]
    [InlineData("2026-03-29T02:59Z", true, null)]                  // the night when clocks go forward has an hour less
    [InlineData("2026-03-29T03:00Z", false, "2026-03-29T20:00Z")]  // and from then on 22:00 is 20:00 in UTC
    [InlineData("2026-10-25T03:59Z", true, null)]                  // the night when they go back has an hour more
    [InlineData("2026-10-25T04:00Z", false, "2026-10-25T21:00Z")]
    public void A_window_follows_the_clock_on_the_wall(string now, bool open, string? opens)
    {
        var decision = PaceRule.Decide(Plan with { Windows = [Night] }, Moment(At(now)), Devices(1));
        Assert.Equal(open ? "u1" : "", Told(decision));
        Assert.Equal(opens is null ? null : At(opens), decision.LookAgain);
    }

    [Fact]
    public void A_window_that_falls_into_the_hour_left_out_opens_the_next_day()
    {
        var decision = PaceRule.Decide(Plan with { Windows = [new("02:10", "02:50", TimeZone: "Europe/Berlin")] }, Moment(At("2026-03-29T00:00Z")), Devices(1));
        Assert.Equal(At("2026-03-30T00:10Z"), decision.LookAgain);
    }

    [Fact]
    public void Who_waits_is_told_for_what_and_how_long() =>
        Assert.Equal("2 devices wait for window 22:00-05:00 Europe/Berlin to open, in 9 h", PaceRule.Decide(Plan with { Windows = [Night] }, Moment(Noon), Devices(2)).Sentence);

    [Theory]
    [InlineData("2026-03-10T20:59Z", false)]  // Tuesday's late shift
    [InlineData("2026-03-10T21:00Z", true)]
    [InlineData("2026-03-11T04:30Z", true)]   // still the shift that began on Tuesday
    [InlineData("2026-03-11T21:30Z", false)]  // no night shift begins on Wednesday
    public void A_shift_is_its_sites(string now, bool open) =>
        Assert.Equal(open ? "u1" : "", Told(PaceRule.Decide(Plan with { Windows = [new(Shift: "night")] }, Moment(At(now)), [Device("u1"), Device("b1", "bonn")])));

    [Fact]
    public void A_site_without_the_shift_waits_and_is_told_why() =>
        Assert.Contains("shift night, which site it is on does not have", PaceRule.Decide(Plan with { Windows = [new(Shift: "night")] }, Moment(Noon), [Device("b1", "bonn")]).Sentence, StringComparison.Ordinal);

    [Fact]
    public void Clock_and_shift_of_one_window_must_both_hold_and_one_open_window_is_enough()
    {
        var both = Plan with { Windows = [new("13:00", "15:00", TimeZone: "Europe/Berlin", Shift: "late")] };
        Assert.Equal("", Told(PaceRule.Decide(both, Moment(At("2026-03-10T12:30Z")), Devices(1))));
        Assert.Equal("u1", Told(PaceRule.Decide(both, Moment(At("2026-03-10T13:30Z")), Devices(1))));
        Assert.Equal("u1", Told(PaceRule.Decide(both with { Windows = [.. both.Windows, new("12:00", "13:00")] }, Moment(At("2026-03-10T12:30Z")), Devices(1))));
    }

    [Fact]
    public void A_line_that_runs_waits_until_it_stands_still()
    {
        var idle = Plan with { Windows = [new(IdleSeconds: 30)] };
        var decision = PaceRule.Decide(idle, Moment(Noon), [Device("u1", part: Noon.AddSeconds(-29)), Device("u2", part: Noon.AddSeconds(-30)), Device("u3")]);
        Assert.Equal("u2,u3", Told(decision));
        Assert.Equal("1 device waits for the line to stand still for 30 s, in 30 s", decision.Sentence);
    }

    [Fact]
    public void Limits_hold_over_all_and_on_each_site()
    {
        var limited = Plan with { Limits = new RolloutLimits(Devices: 5, PerSite: 2) };
        var decision = PaceRule.Decide(limited, Moment(Noon, ("ulm", 1), ("paris", 1)), Devices(3, 4));
        Assert.Equal("u1,b1,b2", Told(decision));
        Assert.Equal("4 devices wait for others of its site to finish: 2 may change at once", PaceRule.Decide(limited, Moment(Noon, ("ulm", 2)), Devices(4)).Sentence);
        Assert.Equal("u1,u2", Told(PaceRule.Decide(Plan, Moment(Noon) with { Most = 2 }, Devices(5))));
    }

    /// <summary>Ten devices of 60 kB at 10 kB/s: the first minute's worth at once, then one every six seconds.</summary>
    [Fact]
    public void Bandwidth_is_kept_over_a_minute()
    {
        var limited = Plan with { Limits = new RolloutLimits(BytesPerSecond: 10_000) };
        var (now, told, until) = (Noon, new List<int>(), (DateTimeOffset?)null);
        var waiting = Devices(60).ToList();
        for (var second = 0; waiting.Count > 0; second++, now = now.AddSeconds(1))
        {
            var decision = PaceRule.Decide(limited, Moment(now) with { PayloadBytes = 60_000, DownloadsUntil = until }, waiting);
            until = decision.DownloadsUntil;
            waiting.RemoveAll(device => decision.Tell.Contains(device.Device));
            told.AddRange(decision.Tell.Select(_ => second));
        }
        Assert.Equal(11, told.Count(second => second == 0));
        Assert.Equal(6 * 49, told[^1]);
        for (var from = 1; from < told[^1] - 60; from++) Assert.InRange(told.Count(second => second >= from && second < from + 60), 9, 11);
    }

    [Fact]
    public void A_device_that_is_away_is_waited_for_then_left_out_or_asked_about()
    {
        var skipping = Plan with { Offline = new OfflineRule(7200, OfflineChoice.Skip) };
        var away = Device("u2", online: false, seen: Noon - TimeSpan.FromDays(3));
        var waits = PaceRule.Decide(skipping, Moment(Noon), [Device("u1"), away]);
        Assert.Equal("u1", Told(waits));
        Assert.Equal("1 device waits for devices that are offline; the ring goes on without them, in 60 min", waits.Sentence);
        Assert.Equal("u2", PaceRule.Decide(skipping, Moment(Noon.AddHours(1)), [away]).Skip.Single().Value);

        var pausing = PaceRule.Decide(skipping with { Offline = new OfflineRule(7200) }, Moment(Noon.AddHours(1)), [Device("u1"), away]);
        Assert.Contains("u2 has been offline since 2026-03-07 12:00 UTC", pausing.Pause, StringComparison.Ordinal);
        Assert.Empty(pausing.Tell);
    }

    [Fact]
    public void Before_its_start_nobody_is_told_and_after_its_end_a_person_decides()
    {
        Assert.Equal("1 device waits for its start, in 3 h", PaceRule.Decide(Plan with { StartsAt = Noon.AddHours(3) }, Moment(Noon), Devices(1)).Sentence);
        Assert.Contains("expired at 2026-03-10 12:00 UTC", PaceRule.Decide(Plan with { ExpiresAt = Noon }, Moment(Noon), Devices(1)).Pause, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_of_another_rollout_waits_for_it() =>
        Assert.Equal("1 device waits for rollout 'urgent', which has the device first", PaceRule.Decide(Plan, Moment(Noon), [Device("u1", heldBy: "urgent"), Device("u2")]).Sentence);
}

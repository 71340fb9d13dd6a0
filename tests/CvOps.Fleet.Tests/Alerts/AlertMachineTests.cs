using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Alerts;

namespace CvOps.Fleet.Tests.Alerts;

public sealed class AlertMachineTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly ChannelSeat[] Ops = [new("ops", Default: true, AlertSeverity.Info), new("boss", Default: false, AlertSeverity.Info), new("pager", Default: true, AlertSeverity.Critical)];

    private static readonly AlertRuleSettings Rule = new()
    {
        Source = AlertSource.DeviceOffline, Severity = AlertSeverity.Warning, For = TimeSpan.FromMinutes(2), ResolveAfter = TimeSpan.FromMinutes(1), RemindAfter = TimeSpan.FromHours(1),
        EscalateAfter = TimeSpan.FromMinutes(30), EscalateTo = ["boss"],
    };

    private readonly List<StoredAlert> _stored = [];
    private int _ids;

    [Fact]
    public void What_holds_for_long_enough_is_told_once_then_again_then_further_and_at_its_end()
    {
        Assert.Empty(Told(0, holds: true));
        Assert.Equal(AlertState.Pending, State);
        Assert.Empty(Told(1, holds: true));
        Assert.Equal(["Fired to ops"], Told(2, holds: true));
        Assert.Empty(Told(3, holds: true));
        Assert.Equal(["Escalated to boss"], Told(32, holds: true));
        Assert.Equal(["Reminder to ops,boss"], Told(62, holds: true));
        Assert.Empty(Told(63, holds: false));
        Assert.Equal(AlertState.Firing, State);
        Assert.Equal(["Resolved to ops,boss"], Told(64, holds: false));
        Assert.Empty(_stored);
    }

    [Fact]
    public void What_is_over_before_its_time_was_never_an_alert()
    {
        Told(0, holds: true);
        Assert.Empty(Told(1, holds: false));
        Assert.Empty(_stored);
        Told(2, holds: true);
        Assert.Empty(Told(3, holds: true));
        Assert.Equal(AlertState.Pending, State);
    }

    [Fact]
    public void A_flicker_neither_resolves_an_alert_nor_tells_of_it_again()
    {
        Told(0, holds: true);
        Told(2, holds: true);
        Assert.Empty(Told(3, holds: false));
        Assert.Empty(Told(3.5, holds: true));
        Assert.Empty(Told(4, holds: false));
        Assert.Empty(Told(4.5, holds: true));
        Assert.Equal(AlertState.Firing, State);
    }

    [Fact]
    public void An_acknowledged_alert_is_neither_reminded_nor_escalated_but_its_end_is_told()
    {
        Told(0, holds: true);
        Told(2, holds: true);
        var stored = _stored[0];
        _stored[0] = stored with { View = AlertMachine.Acknowledge(stored.View, new AlertAction("operator", "on my way"), Noon.AddMinutes(5))! };
        Assert.Empty(Told(40, holds: true));
        Assert.Empty(Told(200, holds: true));
        Assert.Null(AlertMachine.Acknowledge(_stored[0].View, new AlertAction("another", "too"), Noon));
        Told(201, holds: false);
        Assert.Equal(["Resolved to ops"], Told(202, holds: false));
    }

    [Fact]
    public void A_silence_keeps_quiet_what_it_matches_and_what_still_holds_at_its_end_is_told()
    {
        SilenceView silence = new("s-1", "rule=offline,site=ulm", Noon, Noon.AddMinutes(10), "operator", "maintenance");
        Told(0, holds: true, silence);
        Assert.Empty(Told(2, holds: true, silence));
        Assert.Equal((AlertState.Silenced, "s-1"), (State, _stored[0].View.Silence));
        Assert.Equal(["Fired to ops"], Told(10, holds: true, silence));
        Assert.Null(_stored[0].View.Silence);
    }

    [Fact]
    public void Who_never_heard_of_it_does_not_hear_of_its_end()
    {
        SilenceView silence = new("s-1", "device=press-1", Noon, Noon.AddHours(1), "operator", "maintenance");
        Told(0, holds: true, silence);
        Told(2, holds: true, silence);
        Told(3, holds: false, silence);
        Assert.Empty(Told(4, holds: false, silence));
        Assert.Empty(_stored);
    }

    [Fact]
    public void A_silence_of_another_site_silences_nothing() =>
        Assert.Equal(["Fired to ops"], Told(2, holds: true, new SilenceView("s-1", "site=paris", Noon, Noon.AddHours(1), "operator", "maintenance"), since: 0));

    [Fact]
    public void What_cannot_be_looked_at_is_not_over()
    {
        Told(0, holds: true);
        Told(2, holds: true);
        Assert.Empty(Decide(90, [], new HashSet<AlertSource>(), []));
        Assert.Equal(AlertState.Firing, State);
    }

    [Fact]
    public void A_rule_that_is_disabled_ends_its_alerts()
    {
        Told(0, holds: true);
        Told(2, holds: true);
        Assert.Equal(["Resolved to ops"], Decide(3, [Sight(0)], new HashSet<AlertSource> { AlertSource.DeviceOffline }, [], Rule with { Enabled = false }));
    }

    [Fact]
    public void One_subject_is_one_alert_however_often_it_is_seen()
    {
        Decide(2, [Sight(0), Sight(0), Sight(0)], new HashSet<AlertSource> { AlertSource.DeviceOffline }, []);
        Assert.Single(_stored);
    }

    [Theory]
    [InlineData(AlertSource.DeadLetters, 5, 4, false)]
    [InlineData(AlertSource.DeadLetters, 5, 5, true)]
    [InlineData(AlertSource.FleetDisk, 10, 10.5, false)]
    [InlineData(AlertSource.FleetDisk, 10, 9, true)]
    public void A_threshold_is_reached_from_its_own_side(AlertSource source, double threshold, double value, bool reached) =>
        Assert.Equal(reached, new AlertRule("own", new AlertRuleSettings { Source = source, Threshold = threshold }).IsAbout(new Sighting(source, "fleet", "", "/", Noon, Sighting.NoLabels, value)));

    [Fact]
    public void Every_source_has_a_rule_of_its_own_and_every_rule_is_without_a_mistake()
    {
        Assert.Empty(Enum.GetValues<AlertSource>().Except(AlertRules.BuiltIn.Values.Select(rule => rule.Source)));
        Assert.All(AlertRules.BuiltIn, rule => Assert.Empty(AlertRuleCheck.Mistakes(rule.Key, rule.Value, [])));
    }

    [Fact]
    public void Every_mistake_of_a_rule_is_named()
    {
        var wrong = new AlertRuleSettings { Source = AlertSource.Drift, For = TimeSpan.FromSeconds(-1), RemindAfter = TimeSpan.FromSeconds(1), EscalateAfter = TimeSpan.FromHours(1), Channels = ["none"], Where = "site=", Threshold = 3 };
        var mistakes = AlertRuleCheck.Mistakes("a rule", wrong, ["ops"]).ToArray();
        foreach (var word in (string[])["'a rule'", "for is", "remindAfter", "escalateTo", "'none'", "where:", "no threshold"]) Assert.Contains(mistakes, mistake => mistake.Contains(word, StringComparison.Ordinal));
    }

    private AlertState State => _stored[0].View.State;

    private string[] Told(double minute, bool holds, SilenceView? silence = null, double? since = null) =>
        Decide(minute, holds ? [Sight(since ?? minute)] : [], new HashSet<AlertSource> { AlertSource.DeviceOffline }, silence is null ? [] : [silence]);

    private string[] Decide(double minute, Sighting[] sightings, IReadOnlySet<AlertSource> known, SilenceView[] silences, AlertRuleSettings? rule = null)
    {
        var changes = AlertPass.Decide([new AlertRule("offline", rule ?? Rule)], sightings, known, _stored, silences, Ops, () => $"a-{++_ids}", Noon.AddMinutes(minute));
        foreach (var change in changes)
        {
            _stored.RemoveAll(stored => stored.Key == change.Key);
            if (change.After is { State: not AlertState.Resolved } after) _stored.Add(new StoredAlert(change.Key, 1, after));
        }
        return [.. changes.Where(change => change.Notice is not null).Select(change => $"{change.Notice} to {string.Join(',', change.Channels)}")];
    }

    private static Sighting Sight(double minute) =>
        new(AlertSource.DeviceOffline, "press-1", "press-1 is offline.", "/devices/press-1", Noon.AddMinutes(minute), new Dictionary<string, string> { ["device"] = "press-1", ["site"] = "ulm" });
}

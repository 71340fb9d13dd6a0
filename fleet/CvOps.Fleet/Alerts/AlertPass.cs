using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Alerts;

/// <summary>What one look over the whole fleet changes. Pure.</summary>
/// <param name="Before">Null: it is new.</param>
/// <param name="After">Null: it is forgotten.</param>
internal sealed record AlertChange(string Key, StoredAlert? Before, AlertView? After, AlertNotice? Notice, IReadOnlyList<string> Channels, IReadOnlyList<string> GroupBy);

/// <param name="Version">Rises with every write.</param>
internal sealed record StoredAlert(string Key, long Version, AlertView View);

/// <summary>A channel as far as it matters who is told.</summary>
internal sealed record ChannelSeat(string Name, bool Default, AlertSeverity Least);

internal static class AlertPass
{
    /// <param name="known">Sources that could be asked; what others say of is left as it is.</param>
    /// <param name="newId">Of each new alert.</param>
    public static List<AlertChange> Decide(
        IReadOnlyCollection<AlertRule> rules, IReadOnlyCollection<Sighting> sightings, IReadOnlySet<AlertSource> known, IReadOnlyCollection<StoredAlert> open,
        IReadOnlyCollection<SilenceView> silences, IReadOnlyCollection<ChannelSeat> channels, Func<string> newId, DateTimeOffset now)
    {
        var changes = new List<AlertChange>();
        var quiet = silences.Where(silence => silence.StartsAt <= now && now < silence.EndsAt).Select(silence => (silence.Id, Selector: LabelSelector.Parse(silence.Select))).ToArray();
        var left = open.ToDictionary(alert => alert.Key);
        var taken = new HashSet<string>();
        foreach (var rule in rules.Where(rule => rule.Settings.Enabled && known.Contains(rule.Settings.Source)))
        {
            foreach (var sighting in sightings)
            {
                // Two sightings of one subject are one alert.
                if (!rule.IsAbout(sighting) || !taken.Add(rule.KeyOf(sighting.Subject))) continue;
                var key = rule.KeyOf(sighting.Subject);
                var stored = left.Remove(key, out var found) ? found : null;
                Take(rule.Settings, key, stored, stored?.View ?? AlertMachine.Open(newId(), rule.Name, rule.Settings, sighting, now), sighting);
            }
        }
        var byName = rules.ToDictionary(rule => rule.Name);
        foreach (var stored in left.Values)
        {
            var rule = byName.GetValueOrDefault(stored.View.Rule)?.Settings;
            // Nobody can tell whether it still holds: it stays as it is.
            if (rule is { Enabled: true } && !known.Contains(rule.Source)) continue;
            // A rule that is gone or disabled has nothing that holds any more.
            Take(rule is { Enabled: true } ? rule : Gone, stored.Key, stored, stored.View, null);
        }
        return changes;

        void Take(AlertRuleSettings rule, string key, StoredAlert? stored, AlertView alert, Sighting? sighting)
        {
            var silence = sighting is null ? null : Array.Find(quiet, it => it.Selector.Matches(AlertLabels.Of(alert.Rule, rule.Severity, alert.Subject, sighting.Labels))).Id;
            var step = AlertMachine.Look(alert, rule, sighting, silence, now);
            if (stored is not null && step is { Next: { } next, Notice: null } && IsSame(next, stored.View)) return;
            changes.Add(new AlertChange(key, stored, step.Next, step.Notice, step.Notice is { } notice ? Told(rule, notice, step.Next!, channels) : [], rule.GroupBy));
        }
    }

    private static readonly AlertRuleSettings Gone = new() { Source = AlertSource.DeviceOffline, ResolveAfter = TimeSpan.Zero };

    private static bool IsSame(AlertView a, AlertView b) =>
        (a.State, a.Severity, a.Summary, a.GoneSince, a.Silence, a.EscalatedAt) == (b.State, b.Severity, b.Summary, b.GoneSince, b.Silence, b.EscalatedAt);

    /// <summary>Who hears of it: the rule's channels, or those for all; those it escalated to from then on.</summary>
    private static string[] Told(AlertRuleSettings rule, AlertNotice notice, AlertView alert, IReadOnlyCollection<ChannelSeat> channels)
    {
        var usual = rule.Channels.Count > 0 ? channels.Where(channel => rule.Channels.Contains(channel.Name)) : channels.Where(channel => channel.Default);
        var further = channels.Where(channel => rule.EscalateTo.Contains(channel.Name));
        var all = notice == AlertNotice.Escalated ? further : alert.EscalatedAt is null ? usual : usual.Concat(further);
        return [.. all.Where(channel => alert.Severity >= channel.Least).Select(channel => channel.Name).Distinct()];
    }
}

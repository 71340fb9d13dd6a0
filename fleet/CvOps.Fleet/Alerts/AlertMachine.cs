using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Alerts;

/// <summary>What a look at an open alert finds.</summary>
internal enum AlertLook
{
    /// <summary>It holds, for long enough.</summary>
    Holds,

    /// <summary>It holds, but not yet for as long as the rule asks.</summary>
    HoldsBriefly,

    /// <summary>It holds, and a silence covers it.</summary>
    HoldsQuietly,

    /// <summary>It does not hold, but not yet for long enough to be over.</summary>
    Wavers,

    /// <summary>It is over.</summary>
    Over,
}

/// <summary>An alert after a look.</summary>
/// <param name="Next">Null: it was never worth an alert and is forgotten.</param>
/// <param name="Notice">What people are told; null: nothing.</param>
internal sealed record AlertStep(AlertView? Next, AlertNotice? Notice);

/// <summary>Takes an alert on by one look. Pure.</summary>
internal static class AlertMachine
{
    /// <param name="sighting">Null: it does not hold.</param>
    /// <param name="silence">Id of a silence that covers it.</param>
    public static AlertStep Look(AlertView alert, AlertRuleSettings rule, Sighting? sighting, string? silence, DateTimeOffset now)
    {
        var seen = sighting is null ? alert : Seen(alert, rule, sighting);
        var look = sighting switch
        {
            null when now - (alert.GoneSince ?? now) >= rule.ResolveAfter || alert.State == AlertState.Pending => AlertLook.Over,
            null => AlertLook.Wavers,
            _ when now - alert.Since < rule.For => AlertLook.HoldsBriefly,
            _ when silence is not null => AlertLook.HoldsQuietly,
            _ => AlertLook.Holds,
        };
        return (alert.State, look) switch
        {
            (AlertState.Pending,      AlertLook.HoldsBriefly)                         => new(seen, null),
            (AlertState.Pending,      AlertLook.HoldsQuietly)                         => new(seen with { State = AlertState.Silenced, FiringSince = now, Silence = silence }, null),
            (AlertState.Pending,      AlertLook.Holds)                                => Fire(seen with { FiringSince = now }, now),
            (AlertState.Pending,      AlertLook.Over)                                 => new(null, null),
            (AlertState.Firing,       AlertLook.Holds or AlertLook.HoldsBriefly)      => Again(seen, rule, now),
            (AlertState.Firing,       AlertLook.HoldsQuietly)                         => new(seen with { State = AlertState.Silenced, Silence = silence }, null),
            (AlertState.Acknowledged, AlertLook.Holds or AlertLook.HoldsBriefly)      => new(seen, null),
            (AlertState.Acknowledged, AlertLook.HoldsQuietly)                         => new(seen, null),
            (AlertState.Silenced,     AlertLook.HoldsQuietly)                         => new(seen with { Silence = silence }, null),
            (AlertState.Silenced,     AlertLook.Holds or AlertLook.HoldsBriefly)      => Fire(seen with { Silence = null }, now),
            (AlertState.Firing or AlertState.Acknowledged or AlertState.Silenced, AlertLook.Wavers) => new(alert with { GoneSince = alert.GoneSince ?? now }, null),
            (AlertState.Firing or AlertState.Acknowledged or AlertState.Silenced, AlertLook.Over)   => Resolve(alert, now),
            _ => throw new InvalidOperationException($"An alert that is {alert.State} cannot be looked at: {look}."),
        };
    }

    /// <returns>Null: there is nothing to acknowledge.</returns>
    public static AlertView? Acknowledge(AlertView alert, AlertAction action, DateTimeOffset now) => alert.State is AlertState.Firing or AlertState.Silenced
        ? alert with { State = AlertState.Acknowledged, Acknowledged = new AlertDecision(action.By, now, action.Reason), Silence = null }
        : null;

    public static AlertView Open(string id, string rule, AlertRuleSettings settings, Sighting sighting, DateTimeOffset now) => new()
    {
        Id = id, Rule = rule, Subject = sighting.Subject, Severity = settings.Severity, State = AlertState.Pending, Summary = sighting.Summary, Link = sighting.Link, Labels = sighting.Labels,
        // A sighting knows how long it has been so, also from before the fleet's own start; its clock may be ahead.
        Since = sighting.Since < now ? sighting.Since : now,
    };

    private static AlertView Seen(AlertView alert, AlertRuleSettings rule, Sighting sighting) =>
        alert with { GoneSince = null, Summary = sighting.Summary, Severity = rule.Severity, Labels = sighting.Labels };

    private static AlertStep Fire(AlertView alert, DateTimeOffset now) => new(alert with { State = AlertState.Firing, NotifiedAt = now }, AlertNotice.Fired);

    private static AlertStep Again(AlertView alert, AlertRuleSettings rule, DateTimeOffset now)
    {
        if (rule.EscalateAfter is { } patience && alert.EscalatedAt is null && now - alert.FiringSince >= patience) return new(alert with { EscalatedAt = now }, AlertNotice.Escalated);
        return rule.RemindAfter is { } pause && now - alert.NotifiedAt >= pause ? new(alert with { NotifiedAt = now }, AlertNotice.Reminder) : new(alert, null);
    }

    /// <summary>Whoever was told that it began hears that it is over.</summary>
    private static AlertStep Resolve(AlertView alert, DateTimeOffset now) =>
        new(alert with { State = AlertState.Resolved, ResolvedAt = now, Silence = null }, alert.NotifiedAt is null ? null : AlertNotice.Resolved);
}

using System.Security.Cryptography;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Alerts;

/// <summary>What people do about alerts: acknowledge, silence, change rules. Every change is in the audit log with it.</summary>
internal sealed class AlertDesk(Database database, AlertStore store, ChannelStore channels, AlertSignal signal, FleetEvents events, TimeProvider time)
{
    /// <returns>Every rule by name, those that came with the fleet too.</returns>
    public async Task<AlertRuleView[]> RulesAsync(CancellationToken cancel)
    {
        var set = (await store.RulesAsync(cancel)).ToDictionary(rule => rule.Name);
        return [.. AlertRules.BuiltIn.Keys.Union(set.Keys).Order(StringComparer.Ordinal).Select(name => set.TryGetValue(name, out var rule)
            ? new AlertRuleView(name, rule.Settings, AlertRules.BuiltIn.ContainsKey(name), true, rule.By, rule.At)
            : new AlertRuleView(name, AlertRules.BuiltIn[name], true, false, null, null))];
    }

    /// <returns>Every mistake; none: it is set.</returns>
    public async Task<IReadOnlyList<string>> SetRuleAsync(string name, AlertRuleSettings settings, string by, CancellationToken cancel)
    {
        var known = (await channels.ListAsync(cancel)).Select(channel => channel.Name).ToHashSet();
        var mistakes = AlertRuleCheck.Mistakes(name, settings, known).ToList();
        if (AlertRules.BuiltIn.TryGetValue(name, out var builtIn) && builtIn.Source != settings.Source) mistakes.Add($"'{name}' is about {builtIn.Source}; a rule about {settings.Source} needs another name.");
        if ((await RulesAsync(cancel)) is { Length: >= AlertRuleCheck.MostRules } all && all.All(rule => rule.Name != name)) mistakes.Add($"There are {AlertRuleCheck.MostRules} rules at most.");
        if (mistakes.Count > 0) return mistakes;
        await ChangeAsync(connection =>
        {
            AlertStore.SetRule(connection, name, settings, by, time.GetUtcNow());
            Audit.Add(connection, time.GetUtcNow(), by, "alert.rule", name, settings.Enabled ? $"{settings.Source}, {AlertLabels.Word(settings.Severity)}, after {settings.For}" : "disabled");
            return true;
        }, cancel);
        return [];
    }

    /// <returns>False when nobody had set that rule.</returns>
    public Task<bool> RemoveRuleAsync(string name, string by, CancellationToken cancel) => ChangeAsync(connection =>
    {
        if (!AlertStore.RemoveRule(connection, name)) return false;
        Audit.Add(connection, time.GetUtcNow(), by, "alert.rule", name, AlertRules.BuiltIn.ContainsKey(name) ? "as it came with the fleet" : "removed");
        return true;
    }, cancel);

    /// <returns>The alert after it, or null when there is none; and why it could not be acknowledged.</returns>
    public Task<(AlertView? Alert, string? Refusal)> AcknowledgeAsync(string id, AlertAction action, CancellationToken cancel) => ChangeAsync<(AlertView?, string?)>(connection =>
    {
        if (AlertStore.Read(connection, id) is not { } stored) return (null, null);
        var now = time.GetUtcNow();
        if (AlertMachine.Acknowledge(stored.View, action, now) is not { } after) return (stored.View, $"Alert {id} is {AlertWords.Of(stored.View.State)}: only one that fires or is silenced can be acknowledged.");
        AlertStore.Write(connection, stored.Key, stored, after, now);
        AlertStore.AddEvent(connection, id, now, "acknowledged", action.By, action.Reason);
        Audit.Add(connection, now, action.By, "alert.acknowledged", id, $"{after.Rule} {after.Subject}: {action.Reason}");
        return (after, null);
    }, cancel);

    /// <returns>The silence, or why there is none.</returns>
    public async Task<(SilenceView? Silence, string? Refusal)> SilenceAsync(SilenceRequest asked, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        if (AlertRuleCheck.Mistake(asked, now) is { } mistake) return (null, mistake);
        var silence = new SilenceView($"s-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}", asked.Select, now, asked.EndsAt, asked.By, asked.Reason);
        return (await ChangeAsync(connection =>
        {
            AlertStore.SetSilence(connection, silence);
            Audit.Add(connection, now, asked.By, "alert.silenced", asked.Select, $"until {asked.EndsAt:u}: {asked.Reason}");
            return silence;
        }, cancel), null);
    }

    /// <returns>Null when there is no such silence.</returns>
    public Task<SilenceView?> EndSilenceAsync(string id, string by, CancellationToken cancel) => ChangeAsync(connection =>
    {
        var now = time.GetUtcNow();
        if (AlertStore.ReadSilence(connection, id) is not { } silence) return null;
        if (silence.EndsAt <= now) return silence;
        var ended = silence with { EndsAt = now };
        AlertStore.SetSilence(connection, ended);
        Audit.Add(connection, now, by, "alert.unsilenced", silence.Select, $"It was to last until {silence.EndsAt:u}.");
        return ended;
    }, cancel);

    private async Task<T> ChangeAsync<T>(Func<System.Data.Common.DbConnection, T> work, CancellationToken cancel)
    {
        var done = await database.WriteAsync(work, cancel);
        signal.Look();
        events.Publish("alert", "");
        return done;
    }
}

using System.CommandLine;
using CvOps.Cli.Output;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>When something becomes an alert.</summary>
internal static class AlertRuleCommands
{
    public static Command All(FleetCommand on)
    {
        var rules = on.On(new Command("rules", "When something becomes an alert: every rule, those that came with the fleet too."), async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<AlertRuleView[]>("alerts/rules", ct), "There is no rule.",
                ("rule", rule => rule.Name), ("about", rule => $"{rule.Settings.Source}"), ("severity", rule => AlertCommands.Word(rule.Settings.Severity)), ("after", rule => Spans.Word(rule.Settings.For)),
                ("channels", rule => rule.Settings.Channels.Count == 0 ? "default" : string.Join(", ", rule.Settings.Channels)), ("is", Is)));

        var name = new Argument<string>("rule");
        var source = new Option<AlertSource?>("--about") { Description = "What a new rule is about, such as DeviceOffline; 'cvops alerts rules' shows them." };
        var severity = new Option<AlertSeverity?>("--severity") { Description = "Info, Warning or Critical." };
        var enabled = new Option<bool?>("--enabled") { Description = "false: it makes no alerts." };
        var after = new Option<TimeSpan?>("--for") { Description = "How long it has to hold first: 2m.", CustomParser = result => Spans.Parse(result) };
        var resolve = new Option<TimeSpan?>("--resolve-after") { Description = "How long it has to be over before it is resolved.", CustomParser = result => Spans.Parse(result) };
        var remind = new Option<TimeSpan?>("--remind") { Description = "How often people are told again: 4h, or never.", CustomParser = Spans.ParseOrNever };
        var escalate = new Option<TimeSpan?>("--escalate") { Description = "Unacknowledged for so long it goes to --escalate-to, too; or never.", CustomParser = Spans.ParseOrNever };
        var to = new Option<string[]?>("--escalate-to") { Description = "Channels that it goes to then.", AllowMultipleArgumentsPerToken = true };
        var channels = new Option<string[]?>("--channels") { Description = "Channels that are told; 'default' for those that take what names none.", AllowMultipleArgumentsPerToken = true };
        var where = new Option<string?>("--where") { Description = "Only alerts with these labels, as a selector: site=ulm; 'everything' for all." };
        var group = new Option<string[]?>("--group-by") { Description = "Labels whose alerts are told together.", AllowMultipleArgumentsPerToken = true };
        var threshold = new Option<double?>("--threshold") { Description = "Of DeadLetters (letters), FleetDisk (percent free), CertificateEnding (days)." };
        rules.Add(on.On(new Command("set", "Change a rule, or make one: what is not named stays as it is.") { name, source, severity, enabled, after, resolve, remind, escalate, to, channels, where, group, threshold }, async (parsed, fleet, screen, ct) =>
        {
            var rule = parsed.GetValue(name)!;
            var now = (await fleet.Get<AlertRuleView[]>("alerts/rules", ct)).FirstOrDefault(known => known.Name == rule)?.Settings
                ?? new AlertRuleSettings { Source = parsed.GetValue(source) ?? throw new CliException($"There is no rule '{rule}'; for a new one say what it is about: --about DeviceOffline.", ExitCodes.Configuration) };
            now = now with
            {
                Source = parsed.GetValue(source) ?? now.Source, Severity = parsed.GetValue(severity) ?? now.Severity, Enabled = parsed.GetValue(enabled) ?? now.Enabled, For = parsed.GetValue(after) ?? now.For,
                ResolveAfter = parsed.GetValue(resolve) ?? now.ResolveAfter, RemindAfter = parsed.GetResult(remind) is null ? now.RemindAfter : parsed.GetValue(remind),
                EscalateAfter = parsed.GetResult(escalate) is null ? now.EscalateAfter : parsed.GetValue(escalate), EscalateTo = parsed.GetValue(to) is { Length: > 0 } further ? further : now.EscalateTo,
                Channels = parsed.GetValue(channels) is { Length: > 0 } told ? told is ["default"] ? [] : told : now.Channels, Where = parsed.GetValue(where) switch { null => now.Where, "everything" => null, var text => text },
                GroupBy = parsed.GetValue(group) is { Length: > 0 } labels ? labels : now.GroupBy, Threshold = parsed.GetValue(threshold) ?? now.Threshold,
            };
            if (now.EscalateAfter is null) now = now with { EscalateTo = [] };
            Show(screen, await fleet.Put<AlertRuleSettings, AlertRuleView>($"alerts/rules/{Uri.EscapeDataString(rule)}", now, ct));
        }));
        rules.Add(on.On(new Command("show", "One rule.") { name }, async (parsed, fleet, screen, ct) => Show(screen, await fleet.Get<AlertRuleView>($"alerts/rules/{Uri.EscapeDataString(parsed.GetValue(name)!)}", ct))));
        rules.Add(on.Removal("reset", "Forget what was set: a rule that came with the fleet is as it came, another is gone.", name, rule => $"alerts/rules/{rule}", rule => $"What was set of rule {rule} is gone."));
        return rules;
    }

    private static string Is(AlertRuleView rule) => !rule.Settings.Enabled ? "disabled" : rule.BuiltIn ? rule.Changed ? "changed" : "as it came" : "your own";

    private static void Show(Screen screen, AlertRuleView rule) => screen.One(rule,
        ("rule", rule.Name), ("about", $"{rule.Settings.Source}"), ("is", Is(rule)), ("severity", AlertCommands.Word(rule.Settings.Severity)), ("after", Spans.Word(rule.Settings.For)), ("resolved after", Spans.Word(rule.Settings.ResolveAfter)),
        ("reminder", rule.Settings.RemindAfter is { } again ? $"every {Spans.Word(again)}" : "none"),
        ("escalation", rule.Settings.EscalateAfter is { } patience ? $"after {Spans.Word(patience)} to {string.Join(", ", rule.Settings.EscalateTo)}" : "none"),
        ("channels", rule.Settings.Channels.Count == 0 ? "default" : string.Join(", ", rule.Settings.Channels)), ("where", rule.Settings.Where), ("told together", string.Join(", ", rule.Settings.GroupBy)),
        ("threshold", rule.Settings.Threshold?.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("set", rule.By is null ? null : $"{rule.At:u} by {rule.By}"));
}

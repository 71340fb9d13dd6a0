using System.CommandLine;
using CvOps.Cli.Output;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>What needs a person, who is told of it, and when.</summary>
internal static class AlertCommands
{
    public static Command All(FleetCommand on)
    {
        var state = new Option<AlertState?>("--state") { Description = "Only those in this state: Pending, Firing, Acknowledged, Silenced or Resolved; else all that are open." };
        var rule = new Option<string?>("--rule") { Description = "Only those of a rule." };
        var alerts = on.Watched(new Command("alerts", "What needs a person, newest first; who is told of it and when.") { state, rule }, ["alert"], async (parsed, fleet, screen, ct) =>
        {
            List<string> asked = [];
            if (parsed.GetValue(state) is { } wanted) asked.Add($"state={wanted}");
            if (parsed.GetValue(rule) is { } name) asked.Add($"rule={Uri.EscapeDataString(name)}");
            var page = await fleet.Get<AlertPage>(asked.Count == 0 ? "alerts" : $"alerts?{string.Join('&', asked)}", ct);
            screen.Page(page, page.Alerts, "Nothing needs you.",
                ("alert", alert => alert.Id), ("severity", alert => Word(alert.Severity)), ("state", alert => Word(alert.State)), ("since", alert => $"{alert.Since:MM-dd HH:mm}"), ("subject", alert => alert.Subject), ("what", alert => alert.Summary));
        });

        var id = new Argument<string>("alert");
        alerts.Add(on.Watched(new Command("show", "One alert and what became of it.") { id }, ["alert"], async (parsed, fleet, screen, ct) =>
        {
            var detail = await fleet.Get<AlertDetail>($"alerts/{Uri.EscapeDataString(parsed.GetValue(id)!)}", ct);
            Show(screen, detail, detail.Alert);
            foreach (var step in detail.History) screen.Line($"{step.At:u}  {step.What} by {step.By}: {step.Detail}");
        }));

        var why = new Option<string>("--why") { Description = "Why, for the audit log.", Required = true };
        alerts.Add(on.On(new Command("ack", "Say that you look after it: nobody is reminded of it any more, and it goes no further.") { id, why }, async (parsed, fleet, screen, ct) =>
        {
            var alert = await fleet.Post<AlertAction, AlertView>($"alerts/{Uri.EscapeDataString(parsed.GetValue(id)!)}/acknowledge", new AlertAction(Environment.UserName, parsed.GetValue(why)!), ct);
            Show(screen, alert, alert);
        }));

        var select = new Option<string>("--select") { Description = "Which, as a selector over their labels: rule=device-offline,site=ulm.", Required = true };
        var span = new Option<TimeSpan>("--for") { Description = "How long: 90s, 30m, 4h, 7d; 30d at most.", CustomParser = Spans.Parse, Required = true };
        alerts.Add(on.On(new Command("silence", "Let nobody hear of some alerts for a while.") { select, span, why }, async (parsed, fleet, screen, ct) =>
        {
            var silence = await fleet.Post<SilenceRequest, SilenceView>("alerts/silences",
                new SilenceRequest(parsed.GetValue(select)!, DateTimeOffset.UtcNow + parsed.GetValue(span), Environment.UserName, parsed.GetValue(why)!), ct);
            screen.One(silence, ("silence", silence.Id), ("which", silence.Select), ("until", $"{silence.EndsAt:u}"));
        }));
        alerts.Add(on.Watched(new Command("silences", "Silences that have not ended."), ["alert"], async (_, fleet, screen, ct) => screen.Table(await fleet.Get<SilenceView[]>("alerts/silences", ct), "Nothing is silenced.",
            ("silence", it => it.Id), ("which", it => it.Select), ("until", it => $"{it.EndsAt:u}"), ("by", it => it.By), ("why", it => it.Reason))));
        var silenceId = new Argument<string>("silence");
        alerts.Add(on.Removal("unsilence", "End a silence now.", silenceId, silence => $"alerts/silences/{silence}", silence => $"Silence {silence} has ended."));

        alerts.Add(AlertRuleCommands.All(on));
        alerts.Add(AlertChannelCommands.All(on));
        var channel = new Argument<string>("channel");
        alerts.Add(on.On(new Command("test", "Send a test to a channel and say what came of it.") { channel }, async (parsed, fleet, screen, ct) =>
        {
            var name = parsed.GetValue(channel)!;
            var result = await fleet.Post<AlertAction, AlertTestResult>($"alerts/channels/{Uri.EscapeDataString(name)}/test", new AlertAction(Environment.UserName, "test"), ct);
            if (!result.Delivered) throw new CliException($"Channel {name} did not get it: {result.Detail}");
            screen.One(result, ("channel", name), ("delivered", result.Detail));
        }));
        return alerts;
    }

    public static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static void Show<T>(Screen screen, T answer, AlertView alert) => screen.One(answer,
        ("alert", alert.Id), ("rule", alert.Rule), ("subject", alert.Subject), ("severity", Word(alert.Severity)), ("state", Word(alert.State)), ("what", alert.Summary), ("since", $"{alert.Since:u}"),
        ("told", alert.NotifiedAt is { } told ? $"{told:u}" : null), ("escalated", alert.EscalatedAt is { } further ? $"{further:u}" : null),
        ("acknowledged", alert.Acknowledged is { } who ? $"{who.At:u} by {who.By}: {who.Reason}" : null), ("resolved", alert.ResolvedAt is { } over ? $"{over:u}" : null),
        ("labels", string.Join(", ", alert.Labels.Select(label => $"{label.Key}={label.Value}"))));
}

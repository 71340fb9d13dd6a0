using System.CommandLine;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>Where alerts go.</summary>
internal static class AlertChannelCommands
{
    public static Command All(FleetCommand on)
    {
        var channels = on.Watched(new Command("channels", "Where alerts go, and how each channel does."), ["alert"], async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<AlertChannelView[]>("alerts/channels", ct), "Alerts go nowhere yet: 'cvops alerts channels set NAME --webhook https://...' adds a channel.",
                ("channel", it => it.Name), ("kind", it => AlertCommands.Word(it.Settings.Kind)), ("to", it => it.Settings.Url ?? string.Join(", ", it.Settings.To)), ("waiting", it => $"{it.Waiting}"), ("given up", it => $"{it.Failed}"),
                ("does", it => it.Problem is { } problem ? $"failing since {it.FailingSince:MM-dd HH:mm}: {problem}" : it.DeliveredAt is { } at ? $"delivered {at:MM-dd HH:mm}" : "not used yet")));

        var name = new Argument<string>("channel");
        var webhook = new Option<string?>("--webhook") { Description = "Post signed CloudEvents to this address." };
        var secret = new Option<string?>("--secret-file") { Description = "File with the webhook's secret, whsec_...; without it the fleet makes one and tells it once." };
        var email = new Option<string[]?>("--email") { Description = "Write to these addresses.", AllowMultipleArgumentsPerToken = true };
        var mqtt = new Option<bool>("--mqtt") { Description = "Publish on cvops/v1/{site}/{device}/alert/{rule}." };
        var only = new Option<bool>("--named-only") { Description = "Takes only alerts of rules that name it." };
        var least = new Option<AlertSeverity>("--least") { Description = "Whatever matters less is not told here: Info, Warning or Critical.", DefaultValueFactory = _ => AlertSeverity.Info };
        channels.Add(on.On(new Command("set", "Add a channel, or change one.") { name, webhook, secret, email, mqtt, only, least }, async (parsed, fleet, screen, ct) =>
        {
            var (url, to) = (parsed.GetValue(webhook), parsed.GetValue(email) ?? []);
            var kinds = new[] { url is not null, to.Length > 0, parsed.GetValue(mqtt) };
            if (kinds.Count(given => given) != 1) throw new CliException("Say one of --webhook URL, --email ADDRESS... and --mqtt.", ExitCodes.Configuration);
            var settings = new AlertChannelSettings
            {
                Kind = (AlertChannelKind)Array.IndexOf(kinds, true), Url = url, To = to, Default = !parsed.GetValue(only), Least = parsed.GetValue(least),
                Secret = parsed.GetValue(secret) is { } file ? (await File.ReadAllTextAsync(file, ct)).Trim() : null,
            };
            var saved = await fleet.Put<AlertChannelSettings, AlertChannelSaved>($"alerts/channels/{Uri.EscapeDataString(parsed.GetValue(name)!)}", settings, ct);
            screen.One(saved, ("channel", saved.Channel.Name), ("kind", AlertCommands.Word(saved.Channel.Settings.Kind)),
                ("secret", saved.Secret is { } made ? $"{made}   (told this once: the receiver checks signatures with it)" : null), ("next", $"cvops alerts test {saved.Channel.Name}"));
        }));
        channels.Add(on.Removal("remove", "Take a channel away, with what waits for it.", name, channel => $"alerts/channels/{channel}", channel => $"Channel {channel} is gone."));
        return channels;
    }
}

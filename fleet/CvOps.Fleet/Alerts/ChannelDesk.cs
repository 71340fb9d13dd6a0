using System.Net.Mail;
using System.Security.Cryptography;
using CvOps.Contracts;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Alerts.Channels;
using CvOps.Fleet.Api;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Alerts;

/// <summary>What people do about channels.</summary>
internal sealed class ChannelDesk(Database database, ChannelStore store, ChannelSender sender, AlertSignal signal, FleetEvents events, IOptions<FleetOptions> options, TimeProvider time)
{
    private const int MostChannels = 100;
    private const int MostRecipients = 50;

    /// <returns>The channel, or every mistake.</returns>
    public async Task<(AlertChannelSaved? Saved, IReadOnlyList<string> Mistakes)> SetAsync(string name, AlertChannelSettings settings, string by, CancellationToken cancel)
    {
        var mistakes = Mistakes(name, settings).ToList();
        if (await store.FindAsync(name, cancel) is null && (await store.ListAsync(cancel)).Length >= MostChannels) mistakes.Add($"There are {MostChannels} channels at most.");
        if (mistakes.Count > 0) return (null, mistakes);
        string? made = null;
        await database.WriteAsync(connection =>
        {
            var secret = settings.Kind == AlertChannelKind.Webhook ? settings.Secret ?? ChannelStore.SecretOf(connection, name) ?? (made = WebhookSignature.NewSecret()) : null;
            ChannelStore.Set(connection, name, settings with { Secret = null }, secret);
            Audit.Add(connection, time.GetUtcNow(), by, "alert.channel", name, settings.Kind switch
            {
                AlertChannelKind.Webhook => $"webhook to {new Uri(settings.Url!).Host}",
                AlertChannelKind.Email => $"e-mail to {settings.To.Count} addresses",
                _ => "MQTT",
            });
            return true;
        }, cancel);
        Changed();
        return (new AlertChannelSaved((await store.FindAsync(name, cancel))!, made), []);
    }

    public async Task<bool> RemoveAsync(string name, string by, CancellationToken cancel)
    {
        var removed = await database.WriteAsync(connection =>
        {
            if (!ChannelStore.Remove(connection, name)) return false;
            Audit.Add(connection, time.GetUtcNow(), by, "alert.channel", name, "removed, with what waited for it");
            return true;
        }, cancel);
        if (removed) Changed();
        return removed;
    }

    /// <summary>Sends a test, once, and says what came of it.</summary>
    /// <returns>Null when there is no such channel.</returns>
    public async Task<AlertTestResult?> TestAsync(string name, string by, CancellationToken cancel)
    {
        if (await store.OpenAsync(name, cancel) is not { } channel) return null;
        var now = time.GetUtcNow();
        var message = new AlertMessage
        {
            Id = "a-test", Notice = AlertNotice.Test, Rule = "test", Subject = Sighting.Fleet, Severity = AlertSeverity.Info, State = AlertState.Firing,
            Summary = $"{by} tries channel '{name}'. Nothing is wrong.", Since = now, At = now, Link = $"{AlertOptions.FleetUrl(options.Value)}/alerts",
        };
        var parcel = new Parcel($"test-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}", now, AlertWords.Notification([message]) with { Title = $"[test] channel {name}" });
        var result = await sender.DeliverAsync(channel, parcel, cancel);
        await database.WriteAsync(connection =>
        {
            NoticeStore.Note(connection, name, result, now);
            return Audit.Add(connection, now, by, "alert.tested", name, result.Detail);
        }, cancel);
        Changed();
        return new AlertTestResult(result.Delivered, result.Detail);
    }

    private IEnumerable<string> Mistakes(string name, AlertChannelSettings settings)
    {
        if (!Identifier.IsValid(name)) yield return $"'{name}' is no name of a channel: use letters, digits, '-', '_' and '.', at most 64.";
        if (settings.Kind != AlertChannelKind.Webhook && (settings.Url ?? settings.Secret) is not null) yield return "Only a webhook has an address and a secret.";
        if (settings.Kind != AlertChannelKind.Email && settings.To.Count > 0) yield return "Only e-mail has recipients.";
        if (settings.Kind == AlertChannelKind.Webhook)
        {
            if (AddressRule.Refusal(settings.Url) is { } refusal) yield return refusal;
            if (settings.Secret is { } secret && !WebhookSignature.TryRead(secret, out _)) yield return "A secret is 'whsec_' and the base64 of 24 to 64 bytes; leave it out, and the fleet makes one.";
        }
        if (settings.Kind != AlertChannelKind.Email) yield break;
        if (options.Value.Smtp is null) yield return EmailChannel.NoServer;
        if (settings.To.Count is 0 or > MostRecipients) yield return $"A channel of e-mail has 1 to {MostRecipients} recipients.";
        foreach (var address in settings.To)
            if (!MailAddress.TryCreate(address, out var parsed) || parsed.Address != address || !address.All(char.IsAscii) || address.Any(char.IsControl)) yield return $"'{address}' is no address of e-mail.";
    }

    private void Changed()
    {
        signal.Deliver();
        events.Publish("alert", "");
    }
}

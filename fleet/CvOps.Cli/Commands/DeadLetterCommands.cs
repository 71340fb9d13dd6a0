using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>Messages that the fleet set aside.</summary>
internal static class DeadLetterCommands
{
    public static Command All(FleetCommand on)
    {
        var device = new Option<string?>("--device") { Description = "Only those of a device." };
        var reason = new Option<string?>("--reason") { Description = "Only those whose reason holds this text." };
        var before = new Option<long?>("--before") { Description = "Only those older than this row: the next page." };
        var letters = on.Watched(new Command("deadletters", "Messages that could not be read or applied, newest first.") { device, reason, before }, ["deadletter"], async (parsed, fleet, screen, ct) =>
            screen.Table((await fleet.Get<DeadLetterPage>(Address(parsed.GetValue(device), parsed.GetValue(reason), parsed.GetValue(before)), ct)).Letters, "No message has been set aside.",
                ("row", letter => $"{letter.Row}"), ("at", letter => $"{letter.At:MM-dd HH:mm:ss}"), ("topic", letter => letter.Topic), ("reason", letter => letter.Reason)));

        var row = new Argument<long>("row");
        var why = new Option<string?>("--why") { Description = "Why, for the audit log." };
        letters.Add(on.On(new Command("show", "One of them, with its payload.") { row }, async (parsed, fleet, screen, ct) =>
        {
            var wanted = parsed.GetValue(row);
            var page = await fleet.Get<DeadLetterPage>(string.Create(CultureInfo.InvariantCulture, $"deadletters?before={wanted + 1}&limit=1"), ct);
            if (page.Letters is not [var letter] || letter.Row != wanted) throw new CliException($"There is no dead letter {wanted}; 'cvops deadletters' lists those there are.");
            screen.One(letter, ("topic", letter.Topic), ("at", $"{letter.At:u}"), ("reason", letter.Reason), ("bytes", $"{letter.Bytes}{(letter.Whole ? "" : ", not all of them kept")}"), ("payload", letter.Text));
        }));
        foreach (var (verb, says) in new[] { ("retry", "Apply it, once, if it can be read by now."), ("discard", "Throw it away.") })
            letters.Add(on.On(new Command(verb, says) { row, why }, async (parsed, fleet, screen, ct) =>
            {
                var outcome = await fleet.Post<DeadLetterAction, DeadLetterOutcome>(string.Create(CultureInfo.InvariantCulture, $"deadletters/{parsed.GetValue(row)}/{verb}"), new DeadLetterAction(Environment.UserName, parsed.GetValue(why)), ct);
                screen.One(outcome, ("row", $"{outcome.Row}"), ("became", outcome.Message));
            }));
        return letters;
    }

    private static string Address(string? device, string? reason, long? before)
    {
        List<string> asked = [];
        if (device is not null) asked.Add($"device={Uri.EscapeDataString(device)}");
        if (reason is not null) asked.Add($"reason={Uri.EscapeDataString(reason)}");
        if (before is { } row) asked.Add(string.Create(CultureInfo.InvariantCulture, $"before={row}"));
        return asked.Count == 0 ? "deadletters" : $"deadletters?{string.Join('&', asked)}";
    }
}

using System.CommandLine;
using CvOps.Contracts.Api;
using Command = System.CommandLine.Command;

namespace CvOps.Cli.Commands;

/// <summary>Who did what, whether the log is as it was written, and what an auditor takes along.</summary>
internal static class AuditCommands
{
    public static Command All(FleetCommand on)
    {
        var by = new Option<string?>("--by") { Description = "Entries of one account or part of the fleet." };
        var action = new Option<string?>("--action") { Description = "One action, or its beginning and *: rollout.*" };
        var subject = new Option<string?>("--subject") { Description = "About one thing: a rollout's id, a digest, a device." };
        var text = new Option<string?>("--text") { Description = "A part of the detail." };
        var limit = new Option<int>("--limit") { Description = "The newest so many.", DefaultValueFactory = _ => 200 };
        var audit = on.Watched(new Command("audit", "Who did what, newest last.") { by, action, subject, text, limit }, ["audit"], async (parsed, fleet, screen, ct) =>
        {
            var query = string.Concat(new[] { ("by", parsed.GetValue(by)), ("action", parsed.GetValue(action)), ("subject", parsed.GetValue(subject)), ("text", parsed.GetValue(text)) }
                .Where(pair => pair.Item2 is not null).Select(pair => $"&{pair.Item1}={Uri.EscapeDataString(pair.Item2!)}"));
            var page = await fleet.Get<AuditPage>($"audit?newest=true&limit={parsed.GetValue(limit)}{query}", ct);
            screen.Page(page, [.. page.Entries.Reverse()], "Nothing of that kind has been decided yet.",
                ("at", entry => $"{entry.At:u}"), ("by", entry => entry.By), ("action", entry => entry.Action), ("subject", entry => entry.Subject), ("detail", entry => entry.Detail));
        });
        audit.Add(Verify(on));
        audit.Add(Export(on));
        audit.Add(Pack(on));
        return audit;
    }

    private static Command Verify(FleetCommand on) => on.On(new Command("verify", "Walk the chain of hashes: was an entry changed, taken out or put in? Ends with 1 when it was, and says what to do then."), async (_, fleet, screen, ct) =>
    {
        var found = await fleet.Get<AuditVerification>("audit/verify", ct);
        screen.One(found, ("entries", $"{found.Entries}"), ("last hash", found.Head), ("chain", found.Says));
        if (!found.Whole)
            throw new CliException($"{found.Says} What comes before it stands as it was written. Keep a copy of the database as it is, write 'cvops audit export --out now.jsonl', and compare it line by line with an export, a pack or a backup from before: "
                + "the first line that differs is what was changed. Who could write to the database past the fleet is who to ask.");
    });

    private static Command Export(FleetCommand on)
    {
        var file = new Option<string?>("--out") { Description = "File; default: standard output." };
        return on.On(new Command("export", "Every entry with its hash, as JSON lines.") { file }, async (parsed, fleet, screen, ct) =>
        {
            if (parsed.GetValue(file) is not { } path)
            {
                await using var output = Console.OpenStandardOutput();
                await fleet.Download("audit/export", output, ct);
                return;
            }
            await SaveAsync(fleet, "audit/export", path, ct);
            screen.Line($"The log is in {path}. 'cvops audit verify' says whether it is whole.");
        });
    }

    private static Command Pack(FleetCommand on)
    {
        var rollout = new Option<string?>("--rollout") { Description = "About this rollout, by its id." };
        var model = new Option<string?>("--model") { Description = "About this model, by digest." };
        var file = new Option<string?>("--out") { Description = "The zip; default: audit-NAME.zip here." };
        return on.On(new Command("pack", "For an auditor, as a zip with hashes: who approved what on which evidence, and which parts were inspected by which model from when to when.") { rollout, model, file }, async (parsed, fleet, screen, ct) =>
        {
            var (kind, id) = (parsed.GetValue(rollout), parsed.GetValue(model)) switch
            {
                ({ } one, null) => ("rollout", one),
                (null, { } one) => ("model", one),
                _ => throw new CliException("Say what it is about: --rollout ID or --model DIGEST.", ExitCodes.Configuration),
            };
            var path = parsed.GetValue(file) ?? $"audit-{(id.Length > 12 && kind == "model" ? id[..12] : id)}.zip";
            await SaveAsync(fleet, $"audit/pack?{kind}={Uri.EscapeDataString(id)}", path, ct);
            screen.Line($"The pack is in {path}.");
        });
    }

    /// <summary>Whole or not at all.</summary>
    private static async Task SaveAsync(FleetClient fleet, string address, string path, CancellationToken ct)
    {
        var part = path + ".part";
        try
        {
            await using (var stream = File.Create(part)) await fleet.Download(address, stream, ct);
            File.Move(part, path, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }
}

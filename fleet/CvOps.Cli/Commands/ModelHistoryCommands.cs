using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>What becomes of registered models: <c>cvops model show</c>, <c>alias</c>, <c>history</c>, <c>revoke</c>.</summary>
internal static class ModelHistoryCommands
{
    /// <summary>Generations of a lineage that are shown.</summary>
    private const int MostParents = 8;

    public static Command Show(FleetCommand on)
    {
        var model = Reference();
        return on.On(new Command("show", "One registered model: aliases, lineage, gate, revocation.") { model }, async (parsed, fleet, screen, ct) =>
        {
            var all = await fleet.Get<ModelView[]>("models", ct);
            var view = ModelReference.Find(all, parsed.GetValue(model)!);
            screen.One(view,
                ("model", $"{view.Model.Name} {view.Model.Version}"), ("digest", view.Model.Digest), ("aliases", view.Aliases.Count == 0 ? "none" : string.Join(", ", view.Aliases)),
                ("revoked", view.Revoked is { } revoked ? $"{revoked.At:u} by {revoked.By}: {revoked.Reason}" : "no"), ("task", $"{view.Task}: {string.Join(", ", view.Classes)}"),
                ("file", view.Lost ? "lost: bring the same package again (cvops model push)" : null),
                ("bytes", view.Bytes.ToString("N0", CultureInfo.InvariantCulture)), ("signed by", view.SignedBy), ("registered", $"{view.RegisteredAt:u}"), ("gate", view.Gate is { } gate ? $"{gate.Verdict}: {gate.Reason}" : "none"),
                ("dataset", view.Lineage.Dataset), ("training run", view.Lineage.TrainingRun), ("trainer", view.Lineage.Trainer), ("parents", Parents(all, view)));
        });
    }

    public static Command Alias(FleetCommand on)
    {
        var alias = new Argument<string>("alias") { Description = "name@alias, such as steel@champion; without it, every alias.", Arity = ArgumentArity.ZeroOrOne };
        var to = new Option<string?>("--to") { Description = "The version it is to point to: name@version, or a digest." };
        var remove = new Option<bool>("--remove") { Description = "Take it away." };
        var (by, reason) = (By(), Reason());
        return on.On(new Command("alias", "Names for versions of a model, which plans may use; with --to or --remove, change one.") { alias, to, remove, by, reason }, async (parsed, fleet, screen, ct) =>
        {
            if (parsed.GetValue(alias) is not { } text || (parsed.GetValue(to) is null && !parsed.GetValue(remove)))
            {
                var name = parsed.GetValue(alias)?.Split('@')[0];
                screen.Table(await fleet.Get<AliasView[]>($"aliases{(name is null ? "" : $"?name={Uri.EscapeDataString(name)}")}", ct), "No model has an alias yet: 'cvops model alias steel@champion --to steel@2 --reason ...'.",
                    ("alias", view => $"{view.Name}@{view.Alias}"), ("version", view => view.Model.Version), ("since", view => $"{view.Since:u}"), ("by", view => view.By), ("because", view => view.Reason), ("digest", view => view.Model.Digest));
                return;
            }
            if (text.Split('@') is not [var model, var called]) throw new CliException($"'{text}' is not of the form name@alias.", ExitCodes.Configuration);
            var digest = parsed.GetValue(remove) ? null : ModelReference.Find(await fleet.Get<ModelView[]>("models", ct), parsed.GetValue(to)!).Model.Digest;
            var request = new AliasRequest(digest, parsed.GetValue(by)!, parsed.GetValue(reason) ?? throw new CliException("Say why with --reason: it goes into the model's history.", ExitCodes.Configuration));
            await fleet.PutOnly($"aliases/{Uri.EscapeDataString(model)}/{Uri.EscapeDataString(called)}", request, ct);
            screen.One(request, ("alias", text), ("now", digest ?? "gone"));
        });
    }

    public static Command History(FleetCommand on)
    {
        var name = new Argument<string>("name") { Description = "Of the model; without it, of all.", Arity = ArgumentArity.ZeroOrOne };
        return on.On(new Command("history", "Who registered, promoted and revoked which version, why, and on what evidence; the newest first.") { name }, async (parsed, fleet, screen, ct) =>
            screen.Table(await fleet.Get<ModelEvent[]>($"models/history{(parsed.GetValue(name) is { } of ? $"?name={Uri.EscapeDataString(of)}" : "")}", ct), "Nothing has happened yet.",
                ("at", entry => $"{entry.At:u}"), ("what", What), ("by", entry => entry.By), ("because", entry => entry.Reason), ("rollout", entry => entry.Rollout ?? ""),
                ("evidence", entry => entry.Evidence ?? ""), ("approved by", entry => string.Join("; ", entry.Approvals))));
    }

    public static Command Revoke(FleetCommand on)
    {
        var (model, by, reason) = (Reference(), By(), Reason());
        reason.Required = true;
        return on.On(new Command("revoke", "Let no rollout bring this version any more; one that runs is stopped and takes it back.") { model, by, reason }, async (parsed, fleet, screen, ct) =>
        {
            var digest = ModelReference.Find(await fleet.Get<ModelView[]>("models", ct), parsed.GetValue(model)!).Model.Digest;
            var view = await fleet.Post<RevokeModelRequest, ModelView>($"models/{digest}/revoke", new RevokeModelRequest(parsed.GetValue(by)!, parsed.GetValue(reason)!), ct);
            screen.One(view, ("revoked", $"{view.Model.Name} {view.Model.Version}"), ("because", view.Revoked?.Reason),
                ("aliases", view.Aliases.Count == 0 ? "none point to it" : $"{string.Join(", ", view.Aliases)} still point to it: move them"));
        });
    }

    private static Argument<string> Reference() => new("model") { Description = ModelReference.Help };

    private static Option<string> By() => new("--by") { Description = "Who says so.", DefaultValueFactory = _ => Environment.UserName };

    private static Option<string?> Reason() => new("--reason") { Description = "Why; it goes into the model's history." };

    private static string What(ModelEvent entry) => entry.Kind switch
    {
        ModelEventKind.Registered => $"{entry.Name} {entry.Model?.Version} registered",
        ModelEventKind.AliasMoved => $"{entry.Name}@{entry.Alias} {(entry.Previous is { } previous ? $"{previous.Version} -> " : "-> ")}{entry.Model?.Version}",
        ModelEventKind.AliasRemoved => $"{entry.Name}@{entry.Alias} taken away from {entry.Previous?.Version}",
        _ => $"{entry.Name} {entry.Model?.Version} revoked",
    };

    private static string Parents(ModelView[] all, ModelView view)
    {
        var names = new List<string>();
        for (var digest = view.Lineage.Parent; digest is not null && names.Count < MostParents;)
        {
            var parent = all.FirstOrDefault(it => it.Model.Digest == digest);
            names.Add(parent is null ? $"{digest} (not registered)" : $"{parent.Model.Name} {parent.Model.Version}");
            digest = parent?.Lineage.Parent;
        }
        return names.Count == 0 ? "none" : string.Join(" <- ", names);
    }
}

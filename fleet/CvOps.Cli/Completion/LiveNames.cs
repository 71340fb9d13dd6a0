using System.CommandLine;
using System.CommandLine.Completions;
using CvOps.Cli.Commands;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Completion;

/// <summary>Names that only the fleet knows, where it answers before a person at a Tab loses patience; none where it does not.</summary>
internal static class LiveNames
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    private delegate Task<IEnumerable<string>> Ask(FleetClient fleet, CancellationToken ct);

    private static readonly Ask Devices = async (fleet, ct) => (await fleet.Get<DeviceView[]>("devices?limit=1000", ct)).Select(device => device.Id.Value);
    private static readonly Ask Rollouts = async (fleet, ct) => (await fleet.Get<RolloutView[]>("rollouts", ct)).Select(rollout => rollout.Id);
    private static readonly Ask Models = async (fleet, ct) => (await fleet.Get<ModelView[]>("models", ct)).SelectMany(model => model.Aliases.Prepend(model.Model.Version).Select(which => $"{model.Model.Name}@{which}"));
    private static readonly Ask ModelNames = async (fleet, ct) => (await fleet.Get<ModelView[]>("models", ct)).Select(model => model.Model.Name);
    private static readonly Ask Digests = async (fleet, ct) => (await fleet.Get<ModelView[]>("models", ct)).Select(model => model.Model.Digest);
    private static readonly Ask Snapshots = async (fleet, ct) => (await fleet.Get<DatasetView[]>("datasets", ct)).Select(snapshot => snapshot.Name);
    private static readonly Ask Runs = async (fleet, ct) => (await fleet.Get<TrainingRunView[]>("training?limit=100", ct)).Select(run => run.Id);
    private static readonly Ask Trainers = async (fleet, ct) => await fleet.Get<string[]>("training/trainers", ct);
    private static readonly Ask Groups = async (fleet, ct) => (await fleet.Get<GroupView[]>("groups", ct)).Select(group => group.Name);
    private static readonly Ask Alerts = async (fleet, ct) => (await fleet.Get<AlertPage>("alerts", ct)).Alerts.Select(alert => alert.Id);
    private static readonly Ask Rules = async (fleet, ct) => (await fleet.Get<AlertRuleView[]>("alerts/rules", ct)).Select(rule => rule.Name);
    private static readonly Ask Channels = async (fleet, ct) => (await fleet.Get<AlertChannelView[]>("alerts/channels", ct)).Select(channel => channel.Name);
    private static readonly Ask Silences = async (fleet, ct) => (await fleet.Get<SilenceView[]>("alerts/silences", ct)).Select(silence => silence.Id);
    private static readonly Ask Accounts = async (fleet, ct) => (await fleet.Get<AccountView[]>("accounts", ct)).Select(account => account.Name);
    private static readonly Ask Frames = async (fleet, ct) => (await fleet.Get<FramePage>("frames?state=unlabelled&limit=50", ct)).Frames.Select(frame => frame.Id);

    /// <summary>By the path of the command (its first words, or none for all) and the name of the argument or option.</summary>
    private static readonly (string Command, string Name, Ask Ask)[] Known =
    [
        ("", "device", Devices), ("", "--device", Devices), ("", "--devices", Devices),
        ("rollout", "id", Rollouts), ("audit", "--rollout", Rollouts), ("audit", "--model", Digests),
        ("model gate", "digest", Digests), ("model gate", "--champion", Digests), ("model", "model", Models), ("model alias", "--to", Models), ("model history", "name", ModelNames), ("model accuracy", "digest", Digests),
        ("retraining", "model", ModelNames), ("training start", "--parent", Models), ("training start", "--dataset", Snapshots), ("training", "run", Runs), ("", "--trainer", Trainers),
        ("dataset", "snapshot", Snapshots), ("dataset diff", "from", Snapshots), ("dataset diff", "to", Snapshots),
        ("group", "name", Groups), ("alerts", "alert", Alerts), ("alerts", "rule", Rules), ("alerts", "--rule", Rules), ("alerts", "channel", Channels), ("alerts", "silence", Silences),
        ("account", "name", Accounts), ("frames", "frame", Frames), ("labels", "frame", Frames),
    ];

    /// <summary>Gives arguments and options their names.</summary>
    public static void Give(Command root, FleetCommand on)
    {
        foreach (var (path, command) in Commands("", root))
        {
            foreach (var argument in command.Arguments)
                if (Find(path, argument.Name) is { } ask) argument.CompletionSources.Add(context => Names(ask, context, on));
            foreach (var option in command.Options)
                if (Find(path, option.Name) is { } ask) option.CompletionSources.Add(context => Names(ask, context, on));
        }
    }

    /// <summary>Every command with its path, such as <c>rollout start</c>.</summary>
    internal static IEnumerable<(string Path, Command Command)> Commands(string path, Command command) => command.Subcommands
        .Select(sub => (Path: path.Length == 0 ? sub.Name : $"{path} {sub.Name}", Command: sub)).SelectMany(sub => Commands(sub.Path, sub.Command).Prepend(sub));

    /// <summary>The one with the longest path that fits.</summary>
    private static Ask? Find(string path, string name) => Known
        .Where(known => known.Name == name && (known.Command.Length == 0 || path == known.Command || path.StartsWith(known.Command + " ", StringComparison.Ordinal)))
        .OrderByDescending(known => known.Command.Length).Select(known => known.Ask).FirstOrDefault();

    private static IEnumerable<CompletionItem> Names(Ask ask, CompletionContext context, FleetCommand on)
    {
        try
        {
            var address = FleetCommand.Address(context.ParseResult.GetValue(on.Fleet)!);
            using var patience = new CancellationTokenSource(Patience);
            using var fleet = new FleetClient(address, context.ParseResult.GetValue(on.Token) ?? Credentials.Find(address));
            return [.. Task.Run(() => ask(fleet, patience.Token)).GetAwaiter().GetResult().Distinct(StringComparer.Ordinal).Select(name => new CompletionItem(name))];
        }
        catch (Exception e) when (e is CliException or OperationCanceledException or HttpRequestException or IOException or UnauthorizedAccessException or System.Text.Json.JsonException or InvalidOperationException)
        {
            // A Tab has nobody to tell it to.
            return [];
        }
    }
}

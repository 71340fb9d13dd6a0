using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops retention</c>: how long the fleet keeps what.</summary>
internal static class RetentionCommands
{
    private const string Keep = "keep";

    private static readonly (string Option, string Says, Func<RetentionPolicy, int?> Get, Action<RetentionPolicy, int?> Set)[] Members =
    [
        ("--inspections", "Days that inspections are kept, or 'keep'.", policy => policy.InspectionDays, (policy, days) => policy.InspectionDays = days),
        ("--drift", "The same of drift windows.", policy => policy.DriftDays, (policy, days) => policy.DriftDays = days),
        ("--zones", "The same of zone reports.", policy => policy.ZoneDays, (policy, days) => policy.ZoneDays = days),
        ("--connections", "The same of how devices came and went.", policy => policy.ConnectionDays, (policy, days) => policy.ConnectionDays = days),
        ("--dead-letters", "The same of messages that were set aside.", policy => policy.DeadLetterDays, (policy, days) => policy.DeadLetterDays = days),
        ("--frames", "Days after its capture that a frame is kept which nobody labelled, or 'keep'. Labelled ones stay.", policy => policy.FrameDays, (policy, days) => policy.FrameDays = days),
        ("--waiting", "Most frames that wait for a label, or 'keep' for all; above it those go whose label would be worth least.", policy => policy.WaitingFrames, (policy, most) => policy.WaitingFrames = most),
    ];

    public static Command All(FleetCommand on)
    {
        var retention = on.On(new Command("retention", "How long the fleet keeps what; alone: what holds now."), async (_, fleet, screen, ct) =>
        {
            var view = await fleet.Get<RetentionView>("retention", ct);
            screen.One(view, [.. Words(view.Policy), ("frames that wait", $"{view.Waiting}"), ("pictures that go soon", view.PicturesDue > 0 ? $"{view.PicturesDue}" : null),
                ("last", view.Last is { } last ? $"{last.At:u} by {last.By}: {Counts(last)}" : "nothing was taken away yet")]);
        });

        var set = Options(out var values);
        retention.Add(on.On(With(new Command("set", "Change it; what is not named stays as it is. The fleet looks every hour; 'preview' says first what would go."), set), async (parsed, fleet, screen, ct) =>
        {
            var policy = await Changed(parsed, values, fleet, ct);
            var view = await fleet.Put<RetentionRequest, RetentionView>("retention", new RetentionRequest(policy, Environment.UserName), ct);
            screen.One(view, Words(view.Policy));
        }));

        var tried = Options(out var trial);
        retention.Add(on.On(With(new Command("preview", "Count what would go now, with these changes or without; nothing is taken away."), tried), async (parsed, fleet, screen, ct) =>
            Show(screen, await fleet.Post<RetentionRunRequest, RetentionRun>("retention/run", new RetentionRunRequest(Environment.UserName) { Look = true, Policy = await Changed(parsed, trial, fleet, ct) }, ct), "would go")));

        retention.Add(on.On(new Command("run", "Take away now what the policy lets go, without waiting for the hour."), async (_, fleet, screen, ct) =>
            Show(screen, await fleet.Post<RetentionRunRequest, RetentionRun>("retention/run", new RetentionRunRequest(Environment.UserName), ct), "gone")));
        return retention;
    }

    private static async Task<RetentionPolicy> Changed(ParseResult parsed, Option<string?>[] options, FleetClient fleet, CancellationToken ct)
    {
        var policy = (await fleet.Get<RetentionView>("retention", ct)).Policy;
        foreach (var (member, option) in Members.Zip(options))
            if (parsed.GetValue(option) is { } text) member.Set(policy, Number(member.Option, text));
        return policy;
    }

    private static int? Number(string option, string text) =>
        text == Keep ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new CliException($"{option} {text}: a whole number, or 'keep'.", ExitCodes.Configuration);

    private static Option<string?>[] Options(out Option<string?>[] options) => options = [.. Members.Select(member => new Option<string?>(member.Option) { Description = member.Says })];

    private static Command With(Command command, Option<string?>[] options)
    {
        foreach (var option in options) command.Add(option);
        return command;
    }

    private static (string, string?)[] Words(RetentionPolicy policy) =>
    [
        ("inspections", Days(policy.InspectionDays)), ("drift windows", Days(policy.DriftDays)), ("zone reports", Days(policy.ZoneDays)), ("connections", Days(policy.ConnectionDays)),
        ("dead letters", Days(policy.DeadLetterDays)), ("frames without a label", Days(policy.FrameDays)), ("of them at most", policy.WaitingFrames is { } most ? $"{most}" : "all"),
    ];

    private static string Days(int? days) => days is { } some ? $"{some} days" : Keep;

    private static void Show(Output.Screen screen, RetentionRun run, string became) => screen.One(run, (became, Counts(run)));

    private static string Counts(RetentionRun run)
    {
        var said = new (long Rows, string What)[]
        {
            (run.Inspections, "inspections"), (run.DriftWindows, "drift windows"), (run.ZoneReports, "zone reports"), (run.Connections, "connections"), (run.DeadLetters, "dead letters"),
            (run.FramesByAge, "frames by age"), (run.FramesByValue, "frames by value"),
        }.Where(some => some.Rows > 0).Select(some => $"{some.Rows} {some.What}");
        var text = string.Join(", ", said);
        return text.Length == 0 ? "nothing" : text;
    }
}

using System.CommandLine;
using System.Globalization;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;
using CvOps.Plans.Yaml;

namespace CvOps.Cli.Commands;

/// <summary>Rollouts from plan files: check one, start one, print one to begin with.</summary>
internal static class RolloutPlanCommands
{
    private const int StrataShown = 12;

    /// <param name="show">How a rollout is shown.</param>
    public static IEnumerable<Command> All(FleetCommand on, Action<Screen, RolloutView> show)
    {
        var (file, draft) = (File(), new Option<bool>("--draft") { Description = "Only write it down: it holds no device until 'cvops rollout release ID'." });
        yield return on.On(new Command("start", "Start a rollout from a plan.") { file, draft }, async (parsed, fleet, screen, ct) =>
        {
            var (path, text) = await Text(parsed.GetValue(file)!, ct);
            Refuse(path, PlanReader.Yaml(text).Mistakes);
            show(screen, await fleet.PostText<RolloutView>($"rollouts?by={Uri.EscapeDataString(Environment.UserName)}{(parsed.GetValue(draft) ? "&draft=true" : "")}", text, "application/yaml", ct));
        });

        var (revised, id) = (File(), new Argument<string>("id") { Description = "Of the draft." });
        yield return on.On(new Command("revise", "Give a draft another plan.") { id, revised }, async (parsed, fleet, screen, ct) =>
        {
            var (path, text) = await Text(parsed.GetValue(revised)!, ct);
            Refuse(path, PlanReader.Yaml(text).Mistakes);
            show(screen, await fleet.PutText<RolloutView>($"rollouts/{Uri.EscapeDataString(parsed.GetValue(id)!)}?by={Uri.EscapeDataString(Environment.UserName)}", text, "application/yaml", ct));
        });

        var (planned, check, offline) = (File(), new Option<bool>("--check") { Description = "Say only what is wrong, and nothing where all is well; for scripts." },
            new Option<bool>("--offline") { Description = "Ask no fleet: what the text alone tells." });
        yield return on.On(new Command("plan", "What a plan would do now: its mistakes, the devices and the coverage of each ring, what waits for a window. Starts nothing; exit code 78 with mistakes.") { planned, check, offline },
            async (parsed, fleet, screen, ct) =>
            {
                var (path, text) = await Text(parsed.GetValue(planned)!, ct);
                var alone = PlanReader.Yaml(text).Mistakes;
                if (parsed.GetValue(offline))
                {
                    Refuse(path, alone);
                    if (!parsed.GetValue(check)) screen.Line($"{path} is sound as far as the text tells; without --offline it is held against the fleet.");
                    return;
                }
                PlanCheck answer;
                try
                {
                    answer = await fleet.PostText<PlanCheck>("rollouts/check", text, "application/yaml", ct);
                }
                catch (CliException e) when (e.ExitCode == ExitCodes.Unreachable && alone.Count > 0)
                {
                    // Half an answer is better than none: these are wrong whatever the fleet would say.
                    Refuse(path, alone);
                    throw;
                }
                Refuse(path, answer.Mistakes);
                if (!parsed.GetValue(check)) Show(screen, answer);
            });

        var example = new Command("example", "Print a plan with every key there is.");
        example.SetAction(_ => Console.Out.Write(PlanExample.Text));
        yield return example;
    }

    private static Argument<FileInfo> File() => new Argument<FileInfo>("plan") { Description = "YAML file; 'cvops rollout example' prints one." }.AcceptExistingOnly();

    private static async Task<(string Path, string Text)> Text(FileInfo file, CancellationToken ct) => (file.ToString(), await System.IO.File.ReadAllTextAsync(file.FullName, ct));

    /// <exception cref="CliException">There are mistakes: all of them, a line each.</exception>
    private static void Refuse(string path, IReadOnlyList<PlanMistake> mistakes)
    {
        if (mistakes.Count == 0) return;
        throw new CliException(string.Join('\n', mistakes.Select(mistake => $"{path}{mistake}").Prepend($"{(mistakes.Count == 1 ? "a mistake" : $"{mistakes.Count} mistakes")} in the plan.")), ExitCodes.Configuration);
    }

    private static void Show(Screen screen, PlanCheck check)
    {
        var coverage = check.Coverage!;
        screen.One(check,
            ("model", check.Model is { } model ? $"{model.Name} {model.Version} ({model.Digest[..12]})" : check.Plan!.Configuration),
            ("devices", $"{coverage.Devices} in {coverage.Strata} strata of {(coverage.Labels.Count == 0 ? "nothing" : string.Join(" x ", coverage.Labels))}"),
            ("rings", string.Join('\n', check.Rings.Select((ring, i) => Ring(ring, coverage.Rings[i], coverage.Strata)))),
            ("strata", string.Join('\n', coverage.Largest.Take(StrataShown).Select(stratum =>
                    $"{(stratum.Values.Count == 0 ? "all" : string.Join(" x ", stratum.Values))}: {stratum.Devices} devices, {string.Join(" + ", stratum.Rings)} by ring"))
                + (coverage.Strata > StrataShown ? $"\nand {coverage.Strata - StrataShown} more" : "")),
            ("risks", string.Create(CultureInfo.InvariantCulture, $"a false stop at most {check.Plan!.Guardrails.FalseStopRisk:P1}, a false promotion at most {check.Plan.Guardrails.FalsePromotionRisk:P1}, over the whole rollout")),
            ("note", check.Notes.Count == 0 ? null : string.Join('\n', check.Notes)));
    }

    private static string Ring(PlannedRing ring, RingCoverage covered, int strata) => string.Create(CultureInfo.InvariantCulture,
        $"{ring.Name}: {ring.Devices} devices ({string.Join(", ", ring.Sites.Select(site => $"{site.Key} {site.Value}"))}); strata so far {covered.StrataSoFar} of {strata}, {covered.ShareSoFar:P0} of the devices are of these")
        + $"\n  first {string.Join(", ", ring.First.Take(5))}{(ring.Devices > 5 ? ", ..." : "")}; now {ring.Tell} could change{(ring.Waits is { } waits ? $"; {waits}" : "")}";
}

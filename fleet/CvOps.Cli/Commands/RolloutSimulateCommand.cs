using System.CommandLine;
using System.Globalization;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops rollout simulate</c>: what a plan would have done over what the fleet recorded.</summary>
internal static class RolloutSimulateCommand
{
    public static Command Create(FleetCommand on)
    {
        var file = new Argument<FileInfo>("plan").AcceptExistingOnly();
        var days = new Option<double>("--history") { Description = "Days of recorded telemetry to replay.", DefaultValueFactory = _ => 30 };
        var bad = new Option<double?>("--bad-rate") { Description = "The challenger fails on this share of parts, e.g. 0.05; without a rate, it says what was recorded of it, in shadow or in charge." };
        var rejects = new Option<double?>("--reject-rate") { Description = "The challenger rejects this share of parts besides those of the champion." };
        var runs = new Option<int>("--runs") { Description = "Replays of the champion against itself, for false stops.", DefaultValueFactory = _ => 20 };
        var seed = new Option<int>("--seed") { Description = "Of what is left to chance.", DefaultValueFactory = _ => 1 };
        return on.On(new Command("simulate", "Replay recorded telemetry through a plan: what it would have stopped, when, at what exposure, and how many false stops. Starts nothing.") { file, days, bad, rejects, runs, seed },
            async (parsed, fleet, screen, ct) =>
            {
                var query = string.Create(CultureInfo.InvariantCulture, $"rollouts/simulate?days={parsed.GetValue(days)}&runs={parsed.GetValue(runs)}&seed={parsed.GetValue(seed)}{(parsed.GetValue(bad) is { } rate ? $"&badRate={rate}" : "")}{(parsed.GetValue(rejects) is { } more ? $"&rejectRate={more}" : "")}");
                await foreach (var line in fleet.PostLines<FlightLine>(query, await File.ReadAllTextAsync(parsed.GetValue(file)!.FullName, ct), "application/yaml", ct))
                {
                    if (line.Mistakes is { } mistakes) throw new CliException(string.Join('\n', mistakes), ExitCodes.Configuration);
                    if (line.Report is { } report) Show(screen, report);
                    else Progress.Show(line is { Read: { } read, ToRead: { } all } ? string.Create(CultureInfo.InvariantCulture, $"{read:N0} of {all:N0} records read") : $"replay {line.Done + 1} of {line.Of}");
                }
            });
    }

    private static void Show(Screen screen, FlightReport report)
    {
        Progress.End();
        var flight = report.Flight;
        screen.One(report,
            ("records", string.Create(CultureInfo.InvariantCulture, $"{report.Parts:N0} parts of {report.Devices} devices, {report.From:u} to {report.To:u}")),
            ("this rollout", string.Create(CultureInfo.InvariantCulture, $"{flight.End} after {flight.Hours:0.0} h; {flight.Parts:N0} parts exposed on {flight.Touched} devices: {flight.Reason}")),
            ("others", string.Join('\n', flight.Rivals.Select(rival => rival.Stops == 0 ? $"{rival.Rule}: would not have stopped it" : string.Create(CultureInfo.InvariantCulture, $"{rival.Rule}: stopped after {rival.Hours:0.0} h, {rival.Parts:N0} parts")))),
            ("steps", string.Join('\n', flight.Steps.Select(step => $"{step.At:u} {step.From} -> {step.To}: {step.Reason}"))),
            ("champion against itself", report.Runs == 0 ? null : string.Join('\n', report.FalseStops.Select(rival => $"{rival.Rule}: {rival.Stops} of {report.Runs} stopped"))
                + string.Create(CultureInfo.InvariantCulture, $"\nthe plan states at most {report.StatedRisk:P1}; {report.Pauses} of {report.Runs} paused for a person")),
            ("replayed", string.Join('\n', report.Sources.Where(source => source.Replayed).Select(source => $"{source.What}: {source.How}"))),
            ("not replayed", string.Join('\n', report.Sources.Where(source => !source.Replayed).Select(source => $"{source.What}: {source.How}"))),
            ("note", string.Join('\n', report.Notes)));
    }
}

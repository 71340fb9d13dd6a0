using System.CommandLine;
using System.Globalization;
using CvOps.Cli.Output;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>Waits for a training run, with a line of progress.</summary>
internal static class TrainingWait
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static Command Create(FleetCommand on)
    {
        var id = new Argument<string>("run") { Description = "Its id, such as run-7." };
        return on.On(new Command("wait", "Stay until a run has ended; exit code 1 when it did not pass the gate.") { id }, async (parsed, fleet, screen, ct) =>
        {
            var run = await ForAsync(fleet, await fleet.Get<TrainingRunView>($"training/{Uri.EscapeDataString(parsed.GetValue(id)!)}", ct), ct);
            screen.One(run, ("run", run.Id), ("state", $"{run.State}"), ("because", run.Reason), ("model", run.Model));
            Judge(run);
        });
    }

    public static bool IsOver(TrainingRunView run) => run.State is not (TrainingState.Queued or TrainingState.Running or TrainingState.Packing or TrainingState.Gating);

    /// <returns>The run as it ended.</returns>
    public static async Task<TrainingRunView> ForAsync(FleetClient fleet, TrainingRunView run, CancellationToken ct)
    {
        try
        {
            while (!IsOver(run))
            {
                Progress.Show(string.Create(CultureInfo.InvariantCulture, $"{run.Id} {run.State}, {run.Spent:hh\\:mm\\:ss}{string.Concat(run.Metrics.Take(3).Select(metric => $"  {metric.Key} {metric.Value:G4}"))}"));
                await Task.Delay(Pause, ct);
                run = await fleet.Get<TrainingRunView>($"training/{run.Id}", ct);
            }
            return run;
        }
        finally
        {
            Progress.End();
        }
    }

    /// <exception cref="CliException">It did not pass.</exception>
    public static void Judge(TrainingRunView run)
    {
        if (run.State is not (TrainingState.Passed or TrainingState.Trained)) throw new CliException($"{run.Id} ended {run.State}: {run.Reason}");
    }
}

using CvOps.Contracts.Api;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Training;

/// <summary>Carries a search: makes its trials, which wait and run as other runs do, ranks them, and takes the best to the gate as its own.</summary>
internal sealed partial class TrainingSearchRunner(IGrainFactory grains, TrainingTable table, TrainingRunner runner, IOptions<FleetOptions> options, TimeProvider time, ILogger<TrainingSearchRunner> logger)
{
    /// <summary>Trials of one search.</summary>
    public const int MostTrials = 1000;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    /// <param name="wake">There are new runs to start.</param>
    public async Task RunAsync(TrainingRunView run, Action wake, CancellationToken stopping)
    {
        var folder = runner.FolderOf(run);
        try
        {
            await SearchAsync(run, folder, wake, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The next start goes on with it.
            return;
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OrleansMessageRejectionException or TimeoutException))
        {
            Log.SearchFailed(logger, e is TrainingException ? null : e, run.Id, TrainingRunner.Sentence(e));
            await runner.FailAsync(run.Id, TrainingRunner.Sentence(e));
        }
        foreach (var trial in await TrialsAsync(run, stopping)) runner.FolderOf(trial).Delete();
        folder.Delete();
    }

    private async Task SearchAsync(TrainingRunView run, RunFolder folder, Action wake, CancellationToken stopping)
    {
        var grain = grains.GetGrain<ITrainingGrain>(run.Id);
        var search = run.Request.Search!;
        await runner.LayOutAsync(run, folder, stopping);
        if (await grain.ApplyIf(TrainingState.Queued, new TrainingStep(TrainingEvent.Started, "Searches.")) is not { } started) return;
        var (began, limit) = (time.GetTimestamp(), (run.Request.Budget?.WallTime ?? options.Value.TrainerTimeLimit) - run.Spent);
        var common = TrainingRule.ParametersOf(run.Request);
        var told = Array.Empty<TrainingTrial>();
        var step = new SearchStep([], false, null);
        while (!step.Ended)
        {
            if (await grain.Read() is not { State: TrainingState.Running })
            {
                await EndTrialsAsync(run, "Its search was cancelled.", stopping);
                return;
            }
            var trials = (await TrialsAsync(run, stopping)).Select(trial => Shown(trial, search)).ToArray();
            if (!told.AsSpan().SequenceEqual(trials, Like))
            {
                // The score by number of the trial is the search's curve.
                await table.AddMetricsAsync(run.Id, [.. trials.Index().Where(trial => trial.Item.Score is not null).Select(trial => new TrainingMetric(search.Metric, trial.Index + 1, trial.Item.Score!.Value, time.GetUtcNow()))], stopping);
                await grain.Searched([.. trials]);
                told = trials;
            }
            step = SearchRule.Next(search, common, run.Request.Seed, trials, Math.Min(run.Request.Budget?.Runs ?? MostTrials, MostTrials));
            if (time.GetElapsedTime(began) >= limit)
            {
                await EndTrialsAsync(run, "The time of its search is used up.", stopping);
                break;
            }
            foreach (var planned in step.Start) await BeginAsync(run, planned);
            if (step.Start.Count > 0) wake();
            if (!step.Ended) await Task.Delay(LookAgain, time, stopping);
        }
        var best = step.Best ?? throw new TrainingException($"None of the {told.Length} trials ended well. {await WhyAsync(told)}");
        await TakeAsync(best, folder, grain);
        var summary = $"Trial {best.Run} is the best of {told.Count(trial => trial.Score is not null)} by {search.Metric}; packs and signs its model.";
        if (await grain.ApplyIf(TrainingState.Running, new TrainingStep(TrainingEvent.Trained, summary)) is { } packing) await runner.PackAndGateAsync(packing, folder, stopping);
    }

    /// <summary>The search's model and figures are its best trial's.</summary>
    private async Task TakeAsync(TrainingTrial best, RunFolder folder, ITrainingGrain grain)
    {
        var trial = (await grains.GetGrain<ITrainingGrain>(best.Run).Read())!;
        if (Directory.Exists(folder.Out)) Directory.Delete(folder.Out, recursive: true);
        var source = runner.FolderOf(trial).Out;
        Directory.CreateDirectory(folder.Out);
        foreach (var file in Directory.EnumerateFiles(source)) File.Copy(file, Path.Combine(folder.Out, Path.GetFileName(file)));
        await grain.Heard([new TrainerLine("metrics", Metrics: trial.Metrics, Environment: trial.Environment)]);
    }

    private async Task BeginAsync(TrainingRunView run, PlannedTrial planned)
    {
        var id = $"{run.Id}-{planned.Number}";
        if (planned.From is { } from)
        {
            var (source, target) = (runner.FolderOf((await grains.GetGrain<ITrainingGrain>(from).Read())!).Checkpoints, new RunFolder(options.Value.Data, id, run.Id).Checkpoints);
            Directory.CreateDirectory(target);
            if (Directory.Exists(source))
                foreach (var file in Directory.EnumerateFiles(source)) File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        }
        // The search's budget is the search's to keep.
        var request = run.Request with { Search = null, Parameters = planned.Parameters, Version = $"{run.Request.Version}-{planned.Number}", Budget = null };
        await grains.GetGrain<ITrainingGrain>(id).Create(request, run.Id);
    }

    private async Task<TrainingRunView[]> TrialsAsync(TrainingRunView run, CancellationToken cancel) => [.. (await table.ListAsync(run.Id, null, MostTrials, cancel)).Reverse()];

    private async Task EndTrialsAsync(TrainingRunView run, string reason, CancellationToken cancel)
    {
        foreach (var trial in await TrialsAsync(run, cancel))
        {
            var grain = grains.GetGrain<ITrainingGrain>(trial.Id);
            if (await grain.Read() is { } now && TrainingMachine.IsCancellable(now.State)) await grain.ApplyIf(now.State, new TrainingStep(TrainingEvent.Cancelled, reason));
        }
    }

    private async Task<string> WhyAsync(TrainingTrial[] trials) =>
        trials is [.., var last] ? $"The last one: {(await grains.GetGrain<ITrainingGrain>(last.Run).Read())!.Reason}" : "No trial was begun.";

    private static TrainingTrial Shown(TrainingRunView trial, TrainingSearch search)
    {
        var parameters = trial.Request.Parameters!;
        var score = trial.State == TrainingState.Trained && trial.Metrics.TryGetValue(search.Metric, out var value) ? value : (double?)null;
        return new TrainingTrial(trial.Id, parameters, trial.State, score, SearchRule.RoundOf(search, parameters));
    }

    private static readonly IEqualityComparer<TrainingTrial> Like = EqualityComparer<TrainingTrial>.Create(
        (a, b) => a!.Run == b!.Run && a.State == b.State && a.Score == b.Score, trial => trial.Run.GetHashCode(StringComparison.Ordinal));

    private static partial class Log
    {
        [LoggerMessage(3302, LogLevel.Warning, "Search {Id} failed: {Reason}")]
        public static partial void SearchFailed(ILogger logger, Exception? exception, string id, string reason);
    }
}

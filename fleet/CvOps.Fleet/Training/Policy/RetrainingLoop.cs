using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Models;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Training.Policy;

/// <summary>
/// Looks every few seconds which policy's time has come, and takes each entry of the ledger on: freeze the labels, train, gate, draft the rollout. Each step is written
/// before the next begins, and looks for what a crash may have left of it.
/// </summary>
internal sealed partial class RetrainingLoop(
    Database database, IGrainFactory grains, DatasetStore datasets, ModelAliases aliases, TrainingLoop training, TrainingTable runs, FleetEvents events, IOptions<FleetOptions> options, TimeProvider time, ILogger<RetrainingLoop> logger) : BackgroundService
{
    private const string Duty = "retraining";

    /// <summary>Runs that a crash may have left between the run and the entry that asked for it.</summary>
    private const int NewestRuns = 100;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await NextAsync(timer, stoppingToken))
        {
            try
            {
                if (!await database.HasDutyAsync(Duty, stoppingToken)) continue;
                await BeginAsync(stoppingToken);
                foreach (var (entry, policy) in await database.ReadAsync(RetrainingTable.Unfinished, stoppingToken)) await GoOnAsync(entry, policy, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
            {
                // Nothing is lost: the entry stands where it was written, and the next look takes it on.
                Log.LookFailed(logger, e);
            }
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task BeginAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var due = await database.ReadMomentAsync(connection => RetrainingTable.Policies(connection)
            .Where(row => RetrainingRule.Decide(row.Policy, RetrainingTable.Facts(connection, row.Policy, row.Since).Facts, now).Starts).Select(row => row.Policy.Model).ToArray(), cancel);
        foreach (var model in due)
        {
            var begun = await database.WriteAsync(connection => Begin(connection, model, now), cancel);
            if (begun is null) continue;
            Log.Begun(logger, begun.Id, model, string.Join("; ", begun.Evidence.Select(evidence => evidence.Says)));
            events.Publish("training", begun.Id);
        }
    }

    /// <summary>Decided once more inside the transaction that writes it: what was true a moment ago may not be any more.</summary>
    private static RetrainingEntry? Begin(DbConnection connection, string model, DateTimeOffset now)
    {
        if (RetrainingTable.Policies(connection).FirstOrDefault(row => row.Policy.Model == model) is not { Policy: { } policy } row) return null;
        var (facts, rows) = RetrainingTable.Facts(connection, policy, row.Since);
        if (RetrainingRule.Decide(policy, facts, now) is not { Starts: true } decision) return null;
        var number = RetrainingTable.NextNumber(connection);
        var seconds = LabelTime.Seconds(RetrainingTable.LabelTimes(connection, model, facts.LastStarted));
        var entry = new RetrainingEntry
        {
            Id = $"retraining-{number}", Model = model, StartedAt = now, Evidence = decision.Evidence, State = RetrainingState.Training, Reason = "Begins.", NewLabels = facts.NewLabels,
            SecondsPerLabel = seconds, Cost = policy.LabellingHour * seconds / 3600 * facts.NewLabels, Version = $"retrained-{number}",
        };
        RetrainingTable.Begin(connection, entry, policy, rows);
        Audit.Add(connection, now, "retraining", "retraining.begun", entry.Id, $"{model}: {string.Join("; ", decision.Evidence.Select(evidence => evidence.Says))}");
        return entry;
    }

    private async Task GoOnAsync(RetrainingEntry entry, RetrainingPolicy policy, CancellationToken cancel)
    {
        if (entry.Dataset is null || entry.Parent is null)
        {
            if ((await aliases.ListAsync(entry.Model, cancel)).FirstOrDefault(alias => alias.Alias == ModelAlias.Champion) is not { Model: var parent })
            {
                await EndAsync(entry, RetrainingState.Failed, $"{entry.Model} has no champion to start from: complete a rollout, or name one with 'cvops model alias {entry.Model}@champion --to ...'.", cancel);
                return;
            }
            if (await datasets.SnapshotAsync(new SnapshotRequest(entry.Id, entry.Id), cancel) is not { } snapshot)
            {
                await EndAsync(entry, RetrainingState.Failed, "There is no labelled frame to train on.", cancel);
                return;
            }
            entry = await SaveAsync(entry with { Parent = parent.Digest, Dataset = snapshot.Digest, Reason = $"{snapshot.Frames} frames are frozen." }, cancel);
        }
        if (entry.Run is null)
        {
            var run = (await runs.ListAsync(null, null, NewestRuns, cancel)).FirstOrDefault(run => run.Request.By == entry.Id) ?? await TrainAsync(entry, policy);
            entry = await SaveAsync(entry with { Run = run.Id, Reason = $"Trains as {run.Id}." }, cancel);
        }
        if (await grains.GetGrain<ITrainingGrain>(entry.Run!).Read() is not { } result || !TrainingMachine.IsEnded(result.State)) return;
        entry = entry with { ErrorBefore = 1 - result.Gate?.ChampionAccuracy, ErrorAfter = 1 - result.Gate?.ChallengerAccuracy };
        if (result is not { State: TrainingState.Passed, Model: { } model })
        {
            await EndAsync(entry, Enum.TryParse<RetrainingState>(result.State.ToString(), out var state) ? state : RetrainingState.Failed, result.Reason, cancel);
            return;
        }
        if (policy.Plan is null)
        {
            await EndAsync(entry, RetrainingState.Passed, $"{result.Reason} It waits in the registry as {entry.Model} {entry.Version}.", cancel);
            return;
        }
        var (rollout, says) = await RollOutAsync(entry, policy, policy.Plan, model);
        await EndAsync(entry with { Rollout = rollout }, RetrainingState.Passed, $"{result.Reason} {says}", cancel);
    }

    private async Task<TrainingRunView> TrainAsync(RetrainingEntry entry, RetrainingPolicy policy)
    {
        var id = await grains.GetGrain<ITrainingQueueGrain>(ITrainingQueueGrain.Key).Add();
        var run = await grains.GetGrain<ITrainingGrain>(id).Create(new TrainingRequest(entry.Dataset!, entry.Parent!, entry.Version, entry.Id, policy.L2) { Trainer = policy.Trainer, Parameters = policy.Parameters }, null);
        training.Wake();
        return run;
    }

    private async Task<(string? Rollout, string Says)> RollOutAsync(RetrainingEntry entry, RetrainingPolicy policy, string text, string model)
    {
        var index = grains.GetGrain<IRolloutIndexGrain>(IRolloutIndexGrain.Key);
        foreach (var id in await index.List(null))
            if (await grains.GetGrain<IRolloutGrain>(id).Read(withDevices: false) is { } known && known.CreatedBy == entry.Id) return (id, Said(known.Id, known.State != RolloutState.Draft));
        var reading = RetrainingPlan.Read(text, model);
        if (reading.Plan is not { } plan || reading.Mistakes.Count > 0) return (null, $"Its plan can't be read any more: {reading.Mistakes[0].Problem}");
        // A plan that asks for a second person waits for one.
        var draft = !policy.Start || FourEyesRule.Unasked(plan, draft: false, options.Value.FourEyes) is not null;
        var created = await index.Create(plan with { Name = $"{plan.Name}: {entry.Model} {entry.Version}" }, entry.Id, draft);
        if (created.View is not { } view) return (null, $"No rollout could be made of its plan: {string.Join(" ", created.Problems)}");
        if (!draft) await grains.GetGrain<IRolloutGrain>(view.Id).Tick();
        return (view.Id, Said(view.Id, !draft));
    }

    private static string Said(string rollout, bool started) => started ? $"{rollout} has begun." : $"{rollout} is drafted: 'cvops rollout release {rollout}' lets it loose.";

    private async Task EndAsync(RetrainingEntry entry, RetrainingState state, string reason, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        entry = entry with { State = state, Reason = reason, FinishedAt = now };
        await database.WriteAsync(connection =>
        {
            RetrainingTable.Save(connection, entry);
            return Audit.Add(connection, now, "retraining", $"retraining.{state.ToString().ToLowerInvariant()}", entry.Id, reason);
        }, cancel);
        Log.Ended(logger, entry.Id, state, reason);
        events.Publish("training", entry.Id);
    }

    private async Task<RetrainingEntry> SaveAsync(RetrainingEntry entry, CancellationToken cancel)
    {
        await database.WriteAsync(connection =>
        {
            RetrainingTable.Save(connection, entry);
            return true;
        }, cancel);
        events.Publish("training", entry.Id);
        return entry;
    }

    private static partial class Log
    {
        [LoggerMessage(3351, LogLevel.Information, "{Id}: {Model} is trained anew: {Evidence}")]
        public static partial void Begun(ILogger logger, string id, string model, string evidence);

        [LoggerMessage(3352, LogLevel.Information, "{Id}: {State}: {Reason}")]
        public static partial void Ended(ILogger logger, string id, RetrainingState state, string reason);

        [LoggerMessage(3353, LogLevel.Error, "Retraining could not go on; it is tried again")]
        public static partial void LookFailed(ILogger logger, Exception exception);
    }
}

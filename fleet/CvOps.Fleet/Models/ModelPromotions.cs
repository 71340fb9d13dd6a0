using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Api;
using CvOps.Fleet.Rollouts;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Models;

/// <summary>
/// Lets aliases follow rollouts: challenger while one runs, champion when it is completed, and back when that is rolled back. What was done is in the history, so
/// that a restart anywhere repeats nothing and forgets nothing. Also has running rollouts of a revoked model look at it.
/// </summary>
internal sealed partial class ModelPromotions(
    Database database, ModelAliases aliases, Revocations revocations, FleetEvents events, RolloutSignals signals, IGrainFactory grains, TimeProvider time, ILogger<ModelPromotions> log) : BackgroundService
{
    private const string By = "rollout";
    private static readonly TimeSpan LookAtLeast = TimeSpan.FromSeconds(10);

    /// <summary>Rollouts write often: their hints are gathered this long.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, RolloutState> _seen = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var hints = events.Subscribe();
        try
        {
            while (true)
            {
                try
                {
                    await revocations.ReadAsync(stoppingToken);
                    await LookAsync(stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.LookFailed(log, e);
                }
                await NewsAsync(hints, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task NewsAsync(FleetEvents.Subscription hints, CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await using var timer = time.CreateTimer(_ => patience.Cancel(), null, LookAtLeast, Timeout.InfiniteTimeSpan);
        try
        {
            while (await hints.Hints.ReadAsync(patience.Token) is not { Kind: "rollout" or "model" }) { }
            await Task.Delay(Gather, time, stopping);
            while (hints.Hints.TryRead(out _)) { }
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // Time to look anyway.
        }
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        var (rollouts, promoted) = await database.ReadMomentAsync(connection => (RolloutTable.List(connection), ModelTables.MovedBy(connection, ModelAlias.Champion)), cancel);
        var revoked = rollouts.Where(rollout => rollout.Running && revocations.WhyOf(rollout.Payload) is not null).Select(rollout => rollout.Id).ToArray();
        signals.Mark(revoked);
        // The oldest first: the last to be completed is the champion.
        foreach (var rollout in rollouts.Reverse().Where(rollout => rollout.IsModel && _seen.GetValueOrDefault(rollout.Id, RolloutState.Draft) != rollout.State))
        {
            if (await database.ReadAsync(connection => ModelTables.Find(connection, rollout.Payload), cancel) is { } model) await FollowAsync(rollout, model, promoted.Contains(rollout.Id), cancel);
            _seen[rollout.Id] = rollout.State;
        }
    }

    private async Task FollowAsync(RolloutRow rollout, ModelRef model, bool promoted, CancellationToken cancel)
    {
        var trial = rollout.Running && rollout.State is not (RolloutState.Stopping or RolloutState.RollingBack);
        if (trial) await MoveAsync(model.Name, ModelAlias.Challenger, model.Digest, rollout, $"rollout '{rollout.Name}' has it on trial", null, [], cancel);
        else if (await PointsToAsync(model, ModelAlias.Challenger, cancel)) await MoveAsync(model.Name, ModelAlias.Challenger, null, rollout, $"rollout '{rollout.Name}' is {Word(rollout.State)}", null, [], cancel);
        if (rollout.State == RolloutState.Completed && !promoted)
        {
            var view = await grains.GetGrain<IRolloutGrain>(rollout.Id).Read(withDevices: false);
            var approvals = view?.History.Where(step => step.From == RolloutState.AwaitingApproval && step.Trigger.StartsWith("Approved", StringComparison.Ordinal)).Select(step => $"{step.By}: {step.Reason}");
            await MoveAsync(model.Name, ModelAlias.Champion, model.Digest, rollout, $"rollout '{rollout.Name}' is completed", view?.Reason, [.. approvals ?? []], cancel);
        }
        if (rollout.State == RolloutState.RolledBack && promoted
            && await database.ReadAsync(connection => ModelTables.LastMove(connection, model.Name, ModelAlias.Champion), cancel) is { } last && last.Rollout == rollout.Id && last.Model?.Digest == model.Digest)
        {
            await MoveAsync(model.Name, ModelAlias.Champion, last.Previous?.Name == model.Name ? last.Previous.Digest : null, rollout, $"rollout '{rollout.Name}' was rolled back", null, [], cancel);
        }
    }

    private async Task MoveAsync(string name, string alias, string? digest, RolloutRow rollout, string reason, string? evidence, IReadOnlyList<string> approvals, CancellationToken cancel)
    {
        var outcome = await aliases.MoveAsync(name, alias, new AliasRequest(digest, By, reason, rollout.Id, evidence), cancel, approvals);
        if (outcome.Refusal is { } refusal) Log.NotMoved(log, name, alias, rollout.Id, refusal);
    }

    private async Task<bool> PointsToAsync(ModelRef model, string alias, CancellationToken cancel) =>
        await database.ReadAsync(connection => ModelTables.Pointed(connection, model.Name, alias), cancel) == model.Digest;

    private static string Word(RolloutState state) => state switch
    {
        RolloutState.RolledBack or RolloutState.RollingBack => "rolled back",
        RolloutState.Stopping => "being stopped",
        RolloutState.Draft => "a draft",
        _ => state.ToString().ToLowerInvariant(),
    };

    private static partial class Log
    {
        [LoggerMessage(EventId = 2521, Level = LogLevel.Warning, Message = "Aliases could not follow the rollouts; they are looked at again")]
        public static partial void LookFailed(ILogger logger, Exception exception);

        [LoggerMessage(EventId = 2522, Level = LogLevel.Warning, Message = "Alias {Name}@{Alias} did not follow {Rollout}: {Reason}")]
        public static partial void NotMoved(ILogger logger, string name, string alias, string rollout, string reason);
    }
}

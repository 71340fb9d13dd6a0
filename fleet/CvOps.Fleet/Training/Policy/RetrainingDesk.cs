using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Fleet.Ingest;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Training.Policy;

/// <summary>Policies and what speaks for a training: sets them, hears alarms of drift, takes a person's word. <see cref="RetrainingLoop"/> acts on them.</summary>
internal sealed class RetrainingDesk(Database database, ModelRegistry models, TrainerCatalog trainers, FleetEvents events, TimeProvider time) : IFleetObserver
{
    public Task<RetrainingView[]> PoliciesAsync(CancellationToken cancel) => database.ReadMomentAsync(connection =>
        RetrainingTable.Policies(connection).Select(row => View(row.Policy, RetrainingTable.Facts(connection, row.Policy, row.Since).Facts)).ToArray(), cancel);

    public Task<RetrainingEntry[]> LedgerAsync(CancellationToken cancel) => database.ReadAsync(connection => RetrainingTable.Entries(connection, "1 = 1 ORDER BY row DESC LIMIT 1000"), cancel);

    /// <returns>Every mistake, as sentences; empty when the policy stands.</returns>
    public async Task<IReadOnlyList<string>> SetAsync(RetrainingPolicy policy, CancellationToken cancel)
    {
        List<string> mistakes = [.. RetrainingRule.Check(policy), .. TrainingRule.TrainerMistakes(policy.Trainer, policy.Parameters, trainers.Names)];
        if ((await models.ListAsync(cancel)).All(model => model.Model.Name != policy.Model)) mistakes.Add($"There is no model '{policy.Model}': register its first version before it can be trained anew.");
        if (policy.Plan is { } plan)
        {
            mistakes.AddRange(RetrainingPlan.Read(plan, new string('0', 64)).Mistakes.Select(mistake => $"plan, line {mistake.Line?.ToString() ?? "?"}: {mistake.Problem}"));
        }
        if (mistakes.Count > 0) return mistakes;
        await database.WriteAsync(connection =>
        {
            RetrainingTable.Set(connection, policy, time.GetUtcNow());
            return Audit.Add(connection, time.GetUtcNow(), policy.By, "retraining.policy", policy.Model, policy.Enabled ? "set" : "set, switched off");
        }, cancel);
        events.Publish("training", policy.Model);
        return [];
    }

    /// <returns>False when there is none.</returns>
    public async Task<bool> RemoveAsync(string model, string by, CancellationToken cancel)
    {
        var removed = await database.WriteAsync(connection =>
        {
            if (!RetrainingTable.Remove(connection, model)) return false;
            Audit.Add(connection, time.GetUtcNow(), by, "retraining.policy", model, "removed");
            return true;
        }, cancel);
        if (removed) events.Publish("training", model);
        return removed;
    }

    /// <returns>False when there is no policy for that model.</returns>
    public Task<bool> AskAsync(string model, RetrainingRequest request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        return database.WriteAsync(connection =>
        {
            if (RetrainingTable.Policy(connection, model) is null) return false;
            RetrainingTable.AddEvidence(connection, model, $"person/{Guid.NewGuid():N}", new RetrainingEvidence(RetrainingTrigger.Person, now, $"{request.By}: {request.Reason}"));
            Audit.Add(connection, now, request.By, "retraining.asked", model, request.Reason);
            return true;
        }, cancel);
    }

    public async Task<RetrainingView?> FindAsync(string model, CancellationToken cancel) => (await PoliciesAsync(cancel)).FirstOrDefault(view => view.Policy.Model == model);

    public async ValueTask OnDriftAlarm(DriftWindow window, CancellationToken cancel)
    {
        var said = window.Origin;
        await database.WriteAsync(connection => RetrainingTable.Policy(connection, window.Model.Name) is { Drift: true }
            && RetrainingTable.AddEvidence(connection, window.Model.Name, $"drift/{said.Device}/{window.Camera}/{said.Boot}.{said.Stream}.{said.Sequence}",
                new RetrainingEvidence(RetrainingTrigger.Drift, window.To, $"camera {said.Device}/{window.Camera} drifted from {window.Model.Name} {window.Model.Version}'s reference")), cancel);
    }

    private RetrainingView View(RetrainingPolicy policy, RetrainingFacts facts)
    {
        var decision = RetrainingRule.Decide(policy, facts, time.GetUtcNow());
        return new RetrainingView(policy, facts.Pending, facts.NewLabels, decision.Starts ? "a training begins" : decision.Says);
    }
}

using System.Data.Common;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Training.Policy;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Rollouts;

/// <summary>Finds out whose work something is, and asks <see cref="FourEyesRule"/>. What the fleet drafted or trained by itself is the work of who set the policy and who asked for it.</summary>
internal sealed class FourEyesDesk(Database database, IOptions<FleetOptions> options)
{
    /// <returns>Why this principal may not let the rollout go on; null when it may, or nobody asks for four eyes.</returns>
    public async Task<string?> RefusalAsync(RolloutView rollout, Principal who, CancellationToken cancel) => !FourEyesRule.Asked(rollout.Plan, options.Value.FourEyes)
        ? null
        : FourEyesRule.Refusal(await database.ReadAsync(connection => PeopleBehind(connection, rollout.CreatedBy), cancel), "is behind this plan", who);

    /// <summary>Where every plan asks for four eyes, an alias by hand does, too: plans name models by it.</summary>
    /// <param name="digest">Where it is to point; null: it is taken away.</param>
    /// <returns>Why this principal may not point it there; null when it may.</returns>
    public async Task<string?> RefusalAsync(string model, string? digest, Principal who, CancellationToken cancel)
    {
        if (!options.Value.FourEyes) return null;
        var authors = await database.ReadAsync(connection => digest is not null && ModelTables.RegisteredBy(connection, model, digest) is { } by ? PeopleBehind(connection, by) : [], cancel);
        return FourEyesRule.Refusal(authors, "is behind this model", who);
    }

    private static IReadOnlyCollection<string> PeopleBehind(DbConnection connection, string author)
    {
        if (RetrainingTable.Find(connection, author) is not var (entry, policy)) return [author];
        // "NAME: REASON", as the desk wrote it; no account has a colon in its name.
        return [policy.By, .. entry.Evidence.Where(evidence => evidence.Trigger == RetrainingTrigger.Person).Select(evidence => evidence.Says.Split(':')[0])];
    }
}

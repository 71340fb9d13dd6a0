using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>A device as the planner sees it.</summary>
/// <param name="Active">The model it says is in charge; null when it has none or has said nothing yet.</param>
/// <param name="HeldBy">Name of another rollout that is running on it; null when free.</param>
internal sealed record Candidate(DeviceId Id, SiteId Site, IReadOnlyDictionary<string, string> Labels, ModelRef? Active, string? HeldBy)
{
    /// <summary>Names of the groups it is in.</summary>
    public IReadOnlyCollection<string> Groups { get; init; } = [];

    /// <summary>Where its embeddings lie, such as <c>c2</c>; null when nothing is known of them.</summary>
    public string? Cluster { get; init; }

    /// <summary>Digest of the fleet's settings in force on it; null: its own file alone.</summary>
    public string? Settings { get; init; }

    /// <summary>See <see cref="Evidence.CountLimits"/>.</summary>
    public long? SlowOver { get; init; }

    public bool Online { get; init; } = true;

    /// <summary>When the fleet heard from it last.</summary>
    public DateTimeOffset Seen { get; init; }

    public bool Has(CvOps.Contracts.Api.RolloutPlan plan) => (plan.Model is null ? Settings : Active?.Digest) == plan.Payload;

    public DeviceLabels Selectable => new(Id.Value, Site.Value, Labels, Groups);
}

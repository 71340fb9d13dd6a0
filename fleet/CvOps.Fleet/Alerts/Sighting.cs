using CvOps.Contracts.Api;

namespace CvOps.Fleet.Alerts;

/// <summary>Something that holds just now and may be worth an alert.</summary>
/// <param name="Subject">The same as long as it is the same trouble.</param>
/// <param name="Summary">What is wrong and what to do, in a sentence.</param>
/// <param name="Link">Page of the dashboard.</param>
/// <param name="Value">What a rule's threshold is held against; null where there is none.</param>
internal sealed record Sighting(AlertSource Source, string Subject, string Summary, string Link, DateTimeOffset Since, IReadOnlyDictionary<string, string> Labels, double? Value = null)
{
    /// <summary>Subject of what concerns no device, rollout or run.</summary>
    public const string Fleet = "fleet";

    public static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();
}

/// <summary>A feature that knows what holds. Registered in the container.</summary>
internal interface ISightingSource
{
    /// <summary>What it can tell of. What it does not tell of is over; while it fails, nothing is known of these.</summary>
    IReadOnlyList<AlertSource> Sources { get; }

    /// <summary>All that holds now.</summary>
    ValueTask<IReadOnlyList<Sighting>> ReadAsync(CancellationToken cancel);
}

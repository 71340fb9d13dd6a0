using System.Text.Json.Serialization;

namespace CvOps.Agent.Sampling;

/// <summary>Frames spent in one minute, by purse, as agents before camera and class limits wrote them.</summary>
/// <param name="Minute">Minutes since 1970, UTC.</param>
internal sealed record BudgetMinute(long Minute, int Common, int Audit, int Disagreement);

/// <summary>What was spent in one slot of ten seconds by one purse, camera and class.</summary>
/// <param name="Slot">Tens of seconds on the budget's clock.</param>
internal sealed record BudgetEntry(long Slot, SamplingPurse Purse, string Camera, string Class)
{
    public int Frames { get; set; }

    public long Bytes { get; set; }
}

/// <summary>The budget's file.</summary>
internal sealed record BudgetLedger
{
    /// <summary>Only in files of earlier agents.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<BudgetMinute>? Minutes { get; init; }

    public BudgetInstant? Saved { get; init; }

    public IReadOnlyList<BudgetEntry>? Entries { get; init; }

    /// <summary>Seconds of the budget's clock before which nothing is paid, after a ledger that could not be read.</summary>
    public long BlockedUntil { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(BudgetLedger))]
internal sealed partial class SamplingJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace CvOps.Agent.Sampling;

/// <summary>Frames spent in one minute, by purse.</summary>
/// <param name="Minute">Minutes since 1970, UTC.</param>
internal sealed record BudgetMinute(long Minute, int Common, int Audit, int Disagreement);

/// <summary>The budget's file.</summary>
internal sealed record BudgetLedger(IReadOnlyList<BudgetMinute> Minutes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BudgetLedger))]
internal sealed partial class SamplingJson : JsonSerializerContext;

using System.Text.Json.Serialization;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>Of <see cref="Contracts.Twin.TwinReported"/> what a plan asks; the rest is read over, which takes a fifth of the time.</summary>
internal sealed record PlannedReported(PlannedReported.OfModel? Model, PlannedReported.OfConfiguration? Configuration)
{
    internal sealed record OfModel(ModelRef? Active);

    internal sealed record OfConfiguration(string? Active);
}

/// <summary>Of <see cref="DeviceHealth"/> what a plan asks.</summary>
internal sealed record PlannedHealth(IReadOnlyList<PlannedHealth.OfCamera>? Cameras)
{
    internal sealed record OfCamera(double LatencyMsP99);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(PlannedReported))]
[JsonSerializable(typeof(PlannedHealth))]
internal sealed partial class PlannedJson : JsonSerializerContext;

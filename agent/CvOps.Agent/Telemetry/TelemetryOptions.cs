using System.ComponentModel.DataAnnotations;
using CvOps.Observability.Export;

namespace CvOps.Agent.Telemetry;

/// <summary>What the agent tells an OpenTelemetry collector of itself. Off by default: <c>/metrics</c> needs none.</summary>
internal sealed record TelemetryOptions : IValidatableObject
{
    /// <summary>Root of an OTLP/HTTP receiver, <c>http://collector:4318</c>: metrics, traces and the log go there. Null: nowhere.</summary>
    public string? OtlpEndpoint { get; init; }

    /// <summary>Share of the frames whose way is traced, from the camera into the fleet; the others cost nothing. Only with an endpoint.</summary>
    [Range(0.0, 1.0)]
    public double TraceRatio { get; init; } = 0.001;

    /// <summary>Time between two exports of metrics.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OtlpEndpoint is { } endpoint && OtlpTarget.Mistake(endpoint) is { } mistake) yield return new ValidationResult(mistake, [nameof(OtlpEndpoint)]);
    }
}

using System.ComponentModel.DataAnnotations;
using CvOps.Agent.Link;

namespace CvOps.Agent.Integrations.Sparkplug;

/// <summary>Sparkplug B: this device is an edge node, its cameras are the node's devices.</summary>
internal sealed record SparkplugOptions : IValidatableObject
{
    /// <summary>The group that the node belongs to.</summary>
    [RegularExpression("[^+/#]+", ErrorMessage = "a group is one level of a topic: no '/', '+' or '#'")]
    public required string Group { get; init; }

    /// <summary>
    /// The way to the broker that the SCADA host listens to. A connection of its own, since its death certificate is a will; its client id is the device's with
    /// <c>-sparkplug</c> behind it, so it has to be a listener that does not take client ids from certificates.
    /// </summary>
    public required LinkOptions Link { get; init; }

    /// <summary>Time between two looks at what changed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Link?.Iothub is not null) yield return new ValidationResult("Sparkplug goes to an MQTT broker: name 'brokers' and not 'iothub'", [nameof(Link)]);
    }
}

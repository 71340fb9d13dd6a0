using System.ComponentModel.DataAnnotations;

namespace CvOps.Agent.Health;

/// <summary>What the device says of itself.</summary>
internal sealed record HealthOptions
{
    /// <summary>Address and port of the local status page and /metrics, or <c>off</c>.</summary>
    [RegularExpression(@"off|[^\s]+:\d{1,5}", ErrorMessage = "write an address and a port such as 127.0.0.1:9464, or off")]
    public string Listen { get; init; } = "off";

    /// <summary>Time between two health messages.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);
}

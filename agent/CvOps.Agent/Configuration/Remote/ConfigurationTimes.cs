namespace CvOps.Agent.Configuration.Remote;

/// <summary>How long is looked at what. Changed by tests alone.</summary>
internal sealed record ConfigurationTimes
{
    /// <summary>Before the change, to know how many frames a second there were; and after it, to compare.</summary>
    public TimeSpan Measure { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Least time a configuration is watched.</summary>
    public TimeSpan Soak { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Beyond the time a camera may take to connect.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan Look { get; init; } = TimeSpan.FromMilliseconds(250);
}

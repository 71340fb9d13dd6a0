namespace CvOps.Agent.Configuration.Remote;

/// <summary>A section of the configuration that may change while the agent runs. Whoever uses it reads <see cref="Now"/> each time. Safe from any thread.</summary>
internal sealed class Setting<T>(T first) where T : class
{
    private volatile T _now = first;

    public T Now
    {
        get => _now;
        set => _now = value;
    }

    /// <summary>One that never changes.</summary>
    public static implicit operator Setting<T>(T value) => new(value);
}

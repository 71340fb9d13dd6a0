namespace CvOps.Agent.Actuation;

/// <summary>The ejector's pulse: begins with a reject, and ends so long after the last one of those that overlap. Pure.</summary>
internal sealed class PulseMachine(TimeSpan length)
{
    /// <summary>When the pulse ends; never when there is none.</summary>
    public TimeSpan Ends { get; private set; } = TimeSpan.MaxValue;

    public bool Active => Ends != TimeSpan.MaxValue;

    /// <returns>True when the output has to be driven: it was not yet.</returns>
    public bool Begin(TimeSpan now)
    {
        var wasActive = Active;
        Ends = now + length;
        return !wasActive;
    }

    /// <returns>True when the output has to be released.</returns>
    public bool EndIfDue(TimeSpan now)
    {
        if (now < Ends) return false;
        Ends = TimeSpan.MaxValue;
        return true;
    }
}

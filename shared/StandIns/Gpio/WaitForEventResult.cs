namespace System.Device.Gpio;

/// <summary>How waiting for an edge ended.</summary>
#pragma warning disable CA1051, CA1815 // Fields and no equality: as the original has it.
public struct WaitForEventResult
{
    /// <summary>The edge that came; none after a timeout.</summary>
    public PinEventTypes EventTypes;

    /// <summary>True when none came in time.</summary>
    public bool TimedOut;
}
#pragma warning restore CA1051, CA1815

namespace CvOps.Fleet.Rollouts.Flight;

/// <summary>How much of what a gate watches was recorded.</summary>
internal sealed class FlightSeen
{
    public long Parts { get; set; }

    /// <summary>Parts of which it is known whether they were rejected.</summary>
    public long Rejects { get; set; }

    /// <summary>Parts of which the time is known, on devices with a limit to hold it against.</summary>
    public long Timed { get; set; }

    /// <summary>Parts the challenger inspected in shadow, and those it was in charge of.</summary>
    public long Shadowed { get; set; }

    public long InCharge { get; set; }

    public long Windows { get; set; }

    public long Alarms { get; set; }

    public long Restarts { get; set; }
}

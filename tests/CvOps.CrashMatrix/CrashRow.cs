using CvOps.Contracts.Twin;

namespace CvOps.CrashMatrix;

/// <summary>One thing that went wrong at one moment of an update from v1 to v2, and what became of the device.</summary>
/// <param name="State">The state it went wrong in.</param>
/// <param name="When">entry, during or exit of the state.</param>
/// <param name="Where">The operation on the disk it went wrong at; null when at none.</param>
/// <param name="Passed">States after it, in the same life or the next.</param>
/// <param name="End">How the device came to rest; null when it did not.</param>
/// <param name="Trouble">What must not be; null when nothing is.</param>
internal sealed record CrashRow(UpdateState State, string When, string What, string? Where, string Passed, HostEnd? End, string? Trouble)
{
    /// <summary>Judges a device that had its way: it is at rest, with one verified model in charge, and its state says which.</summary>
    public static CrashRow Of(UpdateState state, string when, string what, string? where, LifeStory last, string? passed = null)
    {
        var end = last.End;
        var trouble = end switch
        {
            null => $"it did not come to rest: {last.Output}",
            { InCharge: null } => "no model is in charge",
            { Verified: false } => $"{end.InCharge} is in charge, and its package is not whole on the disk, or the journal speaks of another",
            { State: UpdateState.Committed, InCharge: not "v2" } => $"it says Committed, and {end.InCharge} is in charge",
            { State: UpdateState.Failed or UpdateState.RolledBack or UpdateState.Shadowing, InCharge: "v2" } => $"it says {end.State}, and v2 is in charge",
            _ => null,
        };
        return new CrashRow(state, when, what, where, passed ?? string.Join(' ', last.States), end, trouble);
    }
}

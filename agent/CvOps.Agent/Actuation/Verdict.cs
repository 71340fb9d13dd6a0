namespace CvOps.Agent.Actuation;

/// <summary>What is known of a part, by rising weight: of two frames of one part the graver one counts.</summary>
internal enum Verdict
{
    /// <summary>No frame of it has been inspected.</summary>
    Awaited,

    Good,

    /// <summary>A frame came and gave no prediction.</summary>
    Unknown,

    Bad,
}

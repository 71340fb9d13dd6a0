using CvOps.Contracts.Twin;
using static CvOps.Contracts.Twin.ProgramState;

namespace CvOps.Agent.Programs;

/// <summary>What happens to a change of the agent's program.</summary>
internal enum ProgramEvent
{
    /// <summary>A program is wanted that is not on this disk.</summary>
    Wanted,

    /// <summary>The one that is wanted lies in the free slot still.</summary>
    Kept,

    /// <summary>The one that is wanted is in charge.</summary>
    InCharge,

    /// <summary>Before the trial, something else is wanted.</summary>
    Superseded,

    /// <summary>The step of the present state is done.</summary>
    Done,

    /// <summary>The step of the present state failed; of a trial: the program did not prove itself, or its starts are used up.</summary>
    Broke,

    /// <summary>The program in charge ended too many starts early, or its files are damaged.</summary>
    ChargeDied,

    /// <summary>Another program was installed on the device itself.</summary>
    OtherInstalled,
}

/// <summary>
/// A change of the agent's program as a table, the same as in the agent's README. Nothing before <see cref="Trial"/> touches what runs, and from there every failure
/// leads back to the program that was in charge.
/// </summary>
internal static class ProgramMachine
{
    /// <exception cref="InvalidOperationException">The pair is not in the table: a bug, not an outcome.</exception>
    public static ProgramState Next(ProgramState state, ProgramEvent what) => (state, what) switch
    {
        (Idle or Committed or RolledBack or Failed or Overruled, ProgramEvent.Wanted)   => Downloading,
        (Idle or Committed or RolledBack or Failed or Overruled, ProgramEvent.Kept)     => Checking,
        (Idle or Committed or RolledBack or Failed or Overruled, ProgramEvent.InCharge) => Committed,

        (Downloading, ProgramEvent.Done)  => Verifying,
        (Verifying,   ProgramEvent.Done)  => Unpacking,
        (Unpacking,   ProgramEvent.Done)  => Checking,
        (Checking,    ProgramEvent.Done)  => Waiting,
        (Waiting,     ProgramEvent.Done)  => Trial,
        (Trial,       ProgramEvent.Done)  => Committed,

        (Downloading, ProgramEvent.Broke) => Failed,
        (Verifying,   ProgramEvent.Broke) => Failed,
        (Unpacking,   ProgramEvent.Broke) => Failed,
        (Checking,    ProgramEvent.Broke) => Failed,
        (Waiting,     ProgramEvent.Broke) => Failed,
        (Trial,       ProgramEvent.Broke) => RolledBack,

        (Downloading or Verifying or Unpacking or Checking or Waiting, ProgramEvent.Superseded) => Idle,

        (_,           ProgramEvent.ChargeDied)     => RolledBack,
        (_,           ProgramEvent.OtherInstalled) => Overruled,

        _ => throw new InvalidOperationException($"A change of the program in state {state} does not know the event {what}."),
    };

    /// <summary>True while a step is waiting to be taken.</summary>
    public static bool IsBusy(ProgramState state) => state is not (Idle or Committed or RolledBack or Failed or Overruled);
}

using CvOps.Contracts.Twin;
using static CvOps.Contracts.Twin.UpdateState;

namespace CvOps.Agent.Update;

/// <summary>What happens to a model update.</summary>
internal enum UpdateEvent
{
    /// <summary>The desired twin names a model that is neither in charge nor warm.</summary>
    Wanted,

    /// <summary>The desired twin names the warm previous model, or another one while this one soaks: go back.</summary>
    ReturnWanted,

    /// <summary>Before the swap, the desired twin changed its mind.</summary>
    Superseded,

    /// <summary>Before the swap, the desired twin says something new of the same model: how far it is to go, say.</summary>
    Reworded,

    /// <summary>A shadow has lived long enough beside the model in charge for a death from now on to be no fault of its.</summary>
    Proven,

    /// <summary>The step of the present state is done.</summary>
    Done,

    /// <summary>The step of the present state failed.</summary>
    Broke,

    /// <summary>The agent was told to stop: nobody's fault, the update goes on at the next start.</summary>
    Stopped,

    /// <summary>The old model is in charge again after the process died, and the new one gets another try.</summary>
    Again,
}

/// <summary>
/// The model update as a table, the same as in the agent's README. Nothing but <see cref="Swapping"/> touches the model in charge, and from there
/// every failure leads through <see cref="RollingBack"/>: a device is never left without the model it had.
/// </summary>
internal static class UpdateMachine
{
    /// <exception cref="InvalidOperationException">The pair is not in the table: a bug, not an outcome.</exception>
    public static UpdateState Next(UpdateState state, UpdateEvent what) => (state, what) switch
    {
        (Idle,         UpdateEvent.Wanted)       => Downloading,
        (Committed,    UpdateEvent.Wanted)       => Downloading,
        (RolledBack,   UpdateEvent.Wanted)       => Downloading,
        (Failed,       UpdateEvent.Wanted)       => Downloading,

        (Downloading,  UpdateEvent.Done)         => Verifying,
        (Verifying,    UpdateEvent.Done)         => Preparing,
        (Preparing,    UpdateEvent.Done)         => SelfTesting,
        (SelfTesting,  UpdateEvent.Done)         => Shadowing,
        (Shadowing,    UpdateEvent.Done)         => Swapping,
        (Swapping,     UpdateEvent.Done)         => Soaking,
        (Soaking,      UpdateEvent.Done)         => Committed,

        (Downloading,  UpdateEvent.Broke)        => Failed,
        (Verifying,    UpdateEvent.Broke)        => Failed,
        (Preparing,    UpdateEvent.Broke)        => Failed,
        (SelfTesting,  UpdateEvent.Broke)        => Failed,
        (Shadowing,    UpdateEvent.Broke)        => Failed,
        (Swapping,     UpdateEvent.Broke)        => RollingBack,
        (Soaking,      UpdateEvent.Broke)        => RollingBack,

        (Downloading,  UpdateEvent.Superseded)   => Idle,
        (Verifying,    UpdateEvent.Superseded)   => Idle,
        (Preparing,    UpdateEvent.Superseded)   => Idle,
        (SelfTesting,  UpdateEvent.Superseded)   => Idle,
        (Shadowing,    UpdateEvent.Superseded)   => Idle,

        (Downloading,  UpdateEvent.Reworded)     => Downloading,
        (Verifying,    UpdateEvent.Reworded)     => Verifying,
        (Preparing,    UpdateEvent.Reworded)     => Preparing,
        (SelfTesting,  UpdateEvent.Reworded)     => SelfTesting,
        (Shadowing,    UpdateEvent.Reworded)     => Shadowing,
        (Shadowing,    UpdateEvent.Proven)       => Shadowing,

        (Preparing,    UpdateEvent.Stopped)      => Verifying,
        (SelfTesting,  UpdateEvent.Stopped)      => Verifying,
        (Shadowing,    UpdateEvent.Stopped)      => Verifying,
        (Swapping,     UpdateEvent.Stopped)      => Verifying,
        (Soaking,      UpdateEvent.Stopped)      => Verifying,

        (Soaking,      UpdateEvent.ReturnWanted) => RollingBack,
        (Committed,    UpdateEvent.ReturnWanted) => RollingBack,
        (Failed,       UpdateEvent.ReturnWanted) => RollingBack,
        (Idle,         UpdateEvent.ReturnWanted) => RollingBack,

        (RollingBack,  UpdateEvent.Done)         => RolledBack,
        (RollingBack,  UpdateEvent.Again)        => Downloading,
        (RollingBack,  UpdateEvent.Broke)        => Failed,

        _ => throw new InvalidOperationException($"A model update in state {state} does not know the event {what}."),
    };

    /// <summary>Where a stored state goes on after the process ended in it. Whatever may itself have killed the process ends first.</summary>
    public static UpdateState Resume(UpdateState stored) => stored switch
    {
        Idle        => Idle,
        Committed   => Committed,
        RolledBack  => RolledBack,
        Failed      => Failed,
        Downloading => Downloading,     // resumes at the byte it had
        Verifying   => Verifying,       // reads a file, runs nothing of it
        _           => RollingBack,     // Preparing onwards ran the new model's native code
    };

    /// <summary>Before the swap another wish costs nothing.</summary>
    public static bool CanBeSuperseded(UpdateState state) => state is Downloading or Verifying or Preparing or SelfTesting or Shadowing;

    /// <summary>Told to stop in these, the update goes back to the last step that ran nothing of the new model.</summary>
    public static bool RunsNewModel(UpdateState state) => state is Preparing or SelfTesting or Shadowing or Swapping or Soaking;

    /// <summary>True while a step is waiting to be taken.</summary>
    public static bool IsBusy(UpdateState state) => state is not (Idle or Committed or RolledBack or Failed);
}

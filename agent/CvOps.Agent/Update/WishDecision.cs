using CvOps.Contracts.Twin;

namespace CvOps.Agent.Update;

/// <summary>What a desired document asks of a device whose update is at rest. Pure.</summary>
internal static class WishDecision
{
    /// <returns>The record to enter.</returns>
    public static UpdateRecord Next(UpdateRecord now, TwinDesired desired)
    {
        now = now with { DesiredVersion = desired.Version };
        if (desired.Model is not { } wanted) return now;
        if (wanted.Model.Digest == now.Active?.Digest) return now.Target?.Model.Digest == wanted.Model.Digest ? now with { Target = wanted } : now;
        if (wanted.Stage == ModelStage.Active && wanted.Model.Digest == now.Previous?.Digest && now.Active is not null && now.State != UpdateState.RolledBack)
        {
            return now with
            {
                State = UpdateMachine.Next(now.State, UpdateEvent.ReturnWanted),
                Target = wanted with { Model = now.Active, CompareWithPrevious = false },
                Active = now.Previous,
                Previous = null,
                TryAgain = false,
                Reason = "The fleet asked for the previous model back.",
            };
        }
        return now with { State = UpdateMachine.Next(now.State, UpdateEvent.Wanted), Target = wanted, Reason = null, Saves = 0, Deaths = 0, TryAgain = false };
    }

    /// <summary>The model in charge is wanted, and nobody asks the previous one any more.</summary>
    public static bool EndsComparison(UpdateRecord now, TwinDesired desired) =>
        desired.Model is { CompareWithPrevious: false } wanted && wanted.Model.Digest == now.Active?.Digest;
}

using CvOps.Contracts.Twin;

namespace CvOps.Fleet.Devices;

/// <summary>What may be asked of a device at which stage. Pure.</summary>
internal static class StageRule
{
    /// <returns>Why a device must be asked for no shadow, a clause; null when it may be.</returns>
    public static string? WhyNoShadow(TwinReported? reported) => reported switch
    {
        null => "it has not said yet what it is",
        { Model.Stage: null } => $"its agent {reported.AgentVersion} knows no shadow and would put the model in charge; update the agent first",
        { Model.Active: null } => "no model is in charge of it, so there is nothing to stand beside",
        _ => null,
    };
}

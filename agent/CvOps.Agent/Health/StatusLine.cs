using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Health;

/// <summary>What <c>systemctl status</c> says of the agent, in one line.</summary>
internal static class StatusLine
{
    /// <param name="model">In charge; null when none is.</param>
    public static string Of(ModelRef? model, IReadOnlyList<CameraState> cameras)
    {
        var charge = model is null ? "No model is in charge: nothing is inspected" : $"{model.Name} {model.Version} is in charge";
        var others = cameras.Where(state => state != CameraState.Live).GroupBy(state => state).OrderBy(group => group.Key)
            .Select(group => $", {group.Count()} {group.Key.ToString().ToLowerInvariant()}");
        return $"{charge}; {cameras.Count(state => state == CameraState.Live)} of {cameras.Count} cameras live{string.Concat(others)}";
    }
}

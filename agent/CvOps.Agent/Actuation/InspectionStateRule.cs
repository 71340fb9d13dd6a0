using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Actuation;

/// <summary>A lamp of the stack light.</summary>
internal enum Lamp { Green, Yellow, Red }

/// <summary>What fail-safe output and stack light say. Pure.</summary>
internal static class InspectionStateRule
{
    /// <summary>How long a part that was missed or gave no prediction is shown.</summary>
    public static readonly TimeSpan TroubleShown = TimeSpan.FromSeconds(10);

    /// <summary>Whether parts are being inspected. Anything not known for sure is no.</summary>
    /// <param name="camera">Null when there is no such camera now.</param>
    public static bool Inspects(CameraState? camera, bool hasModel, bool stopping) => camera == CameraState.Live && hasModel && !stopping;

    /// <summary>Green: parts are inspected. Yellow: it is starting, or a part was lately missed. Red: parts pass uninspected.</summary>
    /// <param name="sinceTrouble">Since a part was missed or gave no prediction; null when none was.</param>
    public static Lamp Show(CameraState? camera, bool hasModel, bool stopping, TimeSpan? sinceTrouble) => (stopping, camera, hasModel) switch
    {
        (true, _, _)                            => Lamp.Red,
        (_, CameraState.Live, true)             => sinceTrouble < TroubleShown ? Lamp.Yellow : Lamp.Green,
        (_, CameraState.Live, false)            => Lamp.Yellow,
        (_, CameraState.Connecting, _)          => Lamp.Yellow,
        _                                       => Lamp.Red,
    };
}

using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Capture;

/// <summary>
/// What can happen to a camera. Picture: a frame that shows something new. Repeat: a frame of a picture that has stood still, or come round, for
/// too long. Silence: no frame for as long as its state allows. Ended: the stream broke off or never began.
/// </summary>
internal enum CameraEvent { Picture, Repeat, Silence, Ended, Finished, Retry }

/// <summary>The states of a camera's connection, as a table.</summary>
internal static class CameraMachine
{
    /// <exception cref="InvalidOperationException">The event can't happen in that state.</exception>
    public static CameraState Next(CameraState state, CameraEvent happened) => (state, happened) switch
    {
        (CameraState.Connecting, CameraEvent.Picture)  => CameraState.Live,
        (CameraState.Connecting, CameraEvent.Repeat)   => CameraState.Stale,
        (CameraState.Connecting, CameraEvent.Silence)  => CameraState.Lost,
        (CameraState.Connecting, CameraEvent.Ended)    => CameraState.Lost,

        (CameraState.Live,       CameraEvent.Picture)  => CameraState.Live,
        (CameraState.Live,       CameraEvent.Repeat)   => CameraState.Stale,
        (CameraState.Live,       CameraEvent.Silence)  => CameraState.Stale,
        (CameraState.Live,       CameraEvent.Ended)    => CameraState.Lost,
        (CameraState.Live,       CameraEvent.Finished) => CameraState.Finished,

        (CameraState.Stale,      CameraEvent.Picture)  => CameraState.Live,
        (CameraState.Stale,      CameraEvent.Repeat)   => CameraState.Stale,
        (CameraState.Stale,      CameraEvent.Silence)  => CameraState.Lost,
        (CameraState.Stale,      CameraEvent.Ended)    => CameraState.Lost,
        (CameraState.Stale,      CameraEvent.Finished) => CameraState.Finished,

        // The child is being killed: what was in its pipe may still arrive, its end will.
        (CameraState.Lost,       CameraEvent.Picture)  => CameraState.Lost,
        (CameraState.Lost,       CameraEvent.Repeat)   => CameraState.Lost,
        (CameraState.Lost,       CameraEvent.Ended)    => CameraState.Lost,
        (CameraState.Lost,       CameraEvent.Finished) => CameraState.Finished,
        (CameraState.Lost,       CameraEvent.Retry)    => CameraState.Connecting,
        _ => throw new InvalidOperationException($"A camera that is {state} can't meet {happened}."),
    };

    /// <summary>How long after the last frame, or after the start of the connection, a state calls it silence; null where nothing is awaited.</summary>
    public static TimeSpan? Patience(CameraState state, CameraOptions options) => state switch
    {
        CameraState.Connecting => options.ConnectTimeout,
        CameraState.Live => options.StaleAfter,
        CameraState.Stale => options.LostAfter,
        _ => null,
    };
}

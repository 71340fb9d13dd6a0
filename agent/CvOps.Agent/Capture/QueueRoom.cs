namespace CvOps.Agent.Capture;

/// <summary>How much the cameras' queue can still take.</summary>
/// <param name="Live">A camera drops what comes too late.</param>
/// <param name="Waiting">Frames that wait, of all cameras.</param>
/// <param name="Milliseconds">How long nothing need be taken, at the pace of each live camera, before the first of them drops a frame.</param>
internal readonly record struct QueueRoom(bool Live, int Waiting, double Milliseconds);

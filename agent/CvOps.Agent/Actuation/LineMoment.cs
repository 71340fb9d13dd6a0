namespace CvOps.Agent.Actuation;

/// <summary>A moment of the line.</summary>
/// <param name="At">Since the actuator's start, on the monotonic clock.</param>
/// <param name="Position">What the encoder had counted by then; 0 without one.</param>
internal readonly record struct LineMoment(TimeSpan At, long Position);

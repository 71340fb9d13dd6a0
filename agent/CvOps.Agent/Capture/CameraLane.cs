using CvOps.Contracts;

namespace CvOps.Agent.Capture;

/// <summary>One camera's frames on their way to inference, and what is counted about them. Its queue is guarded by <see cref="FrameQueue"/>.</summary>
internal sealed class CameraLane(CameraOptions options, TimeProvider time, CameraMeter? meter = null)
{
    // Two: one being waited for, one fresh. More would only be older pictures.
    private const int LiveCapacity = 2;
    private const int EveryFrameCapacity = 4;
    private const double PeriodWeight = 1.0 / 8;

    public CameraOptions Options { get; } = options;

    public CameraId Camera => Options.Id;

    public CameraMeter Meter { get; } = meter ?? new(time);

    /// <summary>The camera has been removed. Guarded by <see cref="FrameQueue"/>.</summary>
    internal bool Closed { get; set; }

    internal int Capacity { get; } = options.DropsOldest ? LiveCapacity : EveryFrameCapacity;

    internal bool DropsOldest { get; } = options.DropsOldest;

    /// <summary>True when the frame's turn came too late; see <see cref="StalenessRule"/>.</summary>
    internal bool IsTooOld(Frame frame) => StalenessRule.IsTooOld(frame.ReceivedTimestamp, Options.MaxAge, time);

    internal Queue<Frame> Waiting { get; } = new(EveryFrameCapacity);

    /// <summary>When its last frame was received; 0 before the first.</summary>
    internal long LastArrival { get; private set; }

    /// <summary>Between two frames, smoothed; 0 before the second.</summary>
    internal double PeriodMs { get; private set; }

    /// <summary>A frame goes into the queue.</summary>
    internal void Arrived(long received)
    {
        var ms = LastArrival == 0 ? 0 : time.GetElapsedTime(LastArrival, received).TotalMilliseconds;
        PeriodMs = PeriodMs == 0 ? ms : PeriodMs + PeriodWeight * (ms - PeriodMs);
        LastArrival = received;
        Meter.Arrived();
    }
}

using CvOps.Agent.Inference;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Drift;

/// <summary>
/// Counts every frame into its camera's window and reports the window when it is full, old, or its model has left. Frames without a prediction
/// are left out. Allocates nothing a frame.
/// </summary>
/// <param name="append">Puts a window in the spool, which stamps its origin.</param>
internal sealed class DriftWindows(DriftOptions options, Action<Func<Origin, DriftWindow>> append, TimeProvider time) : IInspectedFrameSink, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<CameraId, OpenWindow> _open = [];

    public void Inspected(in InspectedFrame inspected)
    {
        if (inspected.Error is not null) return;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var found = _open.TryGetValue(inspected.Camera, out var window);
            if (!found || window!.Model.Digest != inspected.Model.Ref.Digest)
            {
                if (found) Report(window!);
                _open[inspected.Camera] = window = new OpenWindow(inspected.Camera, inspected.Model.Ref, inspected.Model.Profile);
            }

            window.Add(inspected, now);
            if (window.Frames >= options.WindowFrames) Report(window);
            ReportOld(now);
        }
    }

    /// <summary>Reports the windows that are old; called on a clock, for cameras that have stopped.</summary>
    public void Tick()
    {
        lock (_gate) ReportOld(time.GetTimestamp());
    }

    /// <summary>Reports what is open.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var window in _open.Values) Report(window);
            _open.Clear();
        }
    }

    private void ReportOld(long now)
    {
        foreach (var window in _open.Values)
            if (window.Frames > 0 && time.GetElapsedTime(window.Started, now) >= options.WindowAge) Report(window);
    }

    private void Report(OpenWindow window)
    {
        if (window.Frames > 0) append(window.Close());
    }
}

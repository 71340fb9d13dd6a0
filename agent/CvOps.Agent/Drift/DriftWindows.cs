using System.Text;
using System.Text.Json;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Inference;
using CvOps.Agent.Spool;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Drift;

/// <summary>
/// Counts every frame into its camera's window and reports the window when it has seen enough and the camera's bytes of the hour allow. What does not
/// fit yet grows on, or waits when its model has left; nothing is dropped. Allocates nothing a frame.
/// </summary>
/// <param name="append">Puts a window in the spool, which stamps its origin.</param>
/// <param name="topicBytes">Bytes of a camera's topic, which are paid for too.</param>
/// <param name="memory">What a restart must not forget; null to keep nothing.</param>
internal sealed class DriftWindows(Setting<DriftOptions> options, Action<Func<Origin, DriftWindow>> append, TimeProvider time, Func<CameraId, int>? topicBytes = null, DriftMemory? memory = null)
    : IInspectedFrameSink, IDisposable
{
    /// <summary>Least age of a block that is held against the ones before it: a few parts, not one.</summary>
    private static readonly TimeSpan BlockAge = TimeSpan.FromSeconds(20);

    /// <summary>A window that did not fit is not made into a message again before.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    // Boot and sequence may have more digits, and the stream its number, by the time the spool stamps them.
    private const int OriginSlack = 52;

    // On disk the placeholder of the spool is no device's name.
    private static readonly Origin Unsent = new(new DeviceId("unsent"), 1, 1);

    private readonly Lock _gate = new();
    private readonly long _began = time.GetTimestamp();
    private readonly Dictionary<CameraId, OpenWindow> _open = [];
    private readonly Dictionary<CameraId, ByteLedger> _ledgers = memory?.Ledgers ?? [];
    private readonly List<DriftWindow> _waiting = memory?.Waiting ?? [];
    private long _waitingTried;

    public void Inspected(in InspectedFrame inspected)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var found = _open.TryGetValue(inspected.Camera, out var window);
            if (!found || window!.Model.Digest != inspected.Model.Ref.Digest)
            {
                if (inspected.Error is not null && !found) return;
                if (found) Leave(window!, now);
                _open[inspected.Camera] = window = new OpenWindow(inspected.Frame.Lane, inspected.Model.Ref, inspected.Model.Profile);
            }
            if (inspected.Error is not null)
            {
                window.Failed();
                return;
            }
            window.Add(inspected, now, time.GetElapsedTime(inspected.Frame.ReceivedTimestamp, now));
            if (window.BlockFrames >= options.Now.WindowFrames) Look(window, now);
            ReportOld(now);
        }
    }

    /// <summary>Reports what has become old, or fits by now; called on a clock, for cameras that have stopped.</summary>
    public void Tick()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            ReportOld(now);
            if (_waiting.Count > 0 && time.GetElapsedTime(_waitingTried, now) >= RetryAfter) SendWaiting(now);
        }
    }

    /// <summary>Reports what is open and fits; the rest is kept for the next start.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            foreach (var window in _open.Values) Leave(window, now);
            _open.Clear();
            memory?.Save(_ledgers, _waiting, Clock(now));
        }
    }

    private void Look(OpenWindow window, long now)
    {
        if (options.Now.QuietAge > TimeSpan.Zero && window.SinceChange > 0 && time.GetElapsedTime(window.BlockStarted, now) >= BlockAge && window.EndBlock())
        {
            // The old world for itself, if it fits; else it waits, and the new one does not wait for it.
            if (!TryReport(window, now, changed: true)) SetAside(window);
            window.Change();
        }
        if (IsDue(window, now)) TryReportAll(window, now);
    }

    private void ReportOld(long now)
    {
        foreach (var window in _open.Values)
            if (window.Frames > 0 && IsDue(window, now)) TryReportAll(window, now);
    }

    private void SendWaiting(long now)
    {
        _waitingTried = now;
        for (var i = 0; i < _waiting.Count; i++)
            if (TrySend(_waiting[i].Camera, origin => _waiting[i] with { Origin = origin }, now, changed: true)) _waiting.RemoveAt(i--);
    }

    private bool IsDue(OpenWindow window, long now) =>
        (window.RetryAt is not { } retry || now >= retry) && WindowRule.IsDue(options.Now, window.SinceChange, window.Frames, time.GetElapsedTime(window.Started, now));

    /// <summary>Its model has left, or the agent does.</summary>
    private void Leave(OpenWindow window, long now)
    {
        if (window.Frames == 0) return;
        window.TakeBlock();
        if (!TryReport(window, now, changed: true)) SetAside(window);
    }

    private void SetAside(OpenWindow window)
    {
        var closed = window.Message(Unsent);
        var same = _waiting.FindIndex(w => w.Camera == closed.Camera && w.Model.Digest == closed.Model.Digest);
        if (same >= 0) _waiting[same] = WindowMerge.Add(_waiting[same], closed);
        else _waiting.Add(closed);
        window.Reported();
    }

    private void TryReportAll(OpenWindow window, long now)
    {
        window.TakeBlock();
        if (!TryReport(window, now, window.Changed)) window.RetryAt = now + (long)(RetryAfter.TotalSeconds * time.TimestampFrequency);
    }

    private bool TryReport(OpenWindow window, long now, bool changed)
    {
        if (!TrySend(window.Camera, window.Message, now, changed)) return false;
        window.Reported();
        return true;
    }

    private bool TrySend(CameraId camera, Func<Origin, DriftWindow> make, long now, bool changed)
    {
        if (!_ledgers.TryGetValue(camera, out var ledger)) _ledgers[camera] = ledger = new ByteLedger();
        var message = make(OriginStamp.None);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message, ContractsJson.Default.DriftWindow).Length + (topicBytes?.Invoke(camera) ?? Encoding.UTF8.GetByteCount(camera.Value)) + OriginSlack;
        if (!WindowRule.Fits(options.Now, changed, ledger.LastHour(Clock(now)), bytes)) return false;
        append(origin => message with { Origin = origin });
        ledger.Add(Clock(now), bytes);
        memory?.Save(_ledgers, _waiting, Clock(now));
        return true;
    }

    /// <summary>Time since the program's start: no jump of a clock opens the budget.</summary>
    private TimeSpan Clock(long now) => time.GetElapsedTime(_began, now);
}

using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Update;
using CvOps.Agent.Update.Maintenance;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Programs;

/// <summary>When the agent may be started anew: in a maintenance window, while the line is idle, and not in the midst of a model's change. The same windows and the same signal as a model's.</summary>
internal sealed class QuietPoint(Setting<UpdateOptions> options, LineSignal line, UpdateLoop update, TimeProvider time)
{
    private readonly Lock _gate = new();
    private bool _waitsForWindow;
    private bool _now;

    /// <returns>What has to be waited for, in words that follow "waits for", and until when where that is known; null when it is quiet.</returns>
    public (string For, DateTimeOffset? Until)? WaitsFor()
    {
        var window = WindowRule.At(options.Now.Windows, time.GetUtcNow());
        lock (_gate)
        {
            _waitsForWindow = !window.Open && !_now;
            if (_waitsForWindow) return (window.Problem ?? (window.Until is null ? "a maintenance window, which never comes" : "the maintenance window"), window.Until);
        }
        if (line.WaitsFor() is { } signal) return (signal, null);
        return update.Report.State is UpdateState.Preparing or UpdateState.SelfTesting or UpdateState.Swapping or UpdateState.Soaking or UpdateState.RollingBack ? ("the model's change to end", null) : null;
    }

    /// <summary>A person wants what waits now: no window is waited for any more, though still for an idle line.</summary>
    /// <returns>False when nothing waits for a window.</returns>
    public bool Now()
    {
        lock (_gate)
        {
            if (!_waitsForWindow) return false;
            _now = true;
            return true;
        }
    }

    /// <summary>The wait is over.</summary>
    public void Done()
    {
        lock (_gate) (_waitsForWindow, _now) = (false, false);
    }
}

using CvOps.Agent.Configuration.Remote;

namespace CvOps.Agent.Update.Maintenance;

/// <summary>
/// When a model may be changed: in a maintenance window, and, for the swap itself, while the line is idle. An update that has to wait says so in
/// the reported twin. The way back never waits, nor does a device without a model.
/// </summary>
internal sealed class MaintenanceGate(Setting<UpdateOptions> options, LineSignal line, UpdateWish wish, UpdateStatus status, TimeProvider time)
{
    // A pause of the line may be short.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private bool _waiting;
    private string? _now;

    /// <summary>A window is open, or a person wants this update now.</summary>
    public bool IsOpen(string digest)
    {
        lock (_gate) return _now == digest || WindowRule.At(options.Now.Windows, time.GetUtcNow()).Open;
    }

    /// <summary>Until a window is open.</summary>
    /// <param name="digest">Of the model that waits.</param>
    /// <returns>False when another model is wanted meanwhile, or this one for another purpose.</returns>
    public Task<bool> WindowAsync(string digest, CancellationToken stopping) => WaitAsync(digest, forLine: false, stopping);

    /// <summary>Until a window is open and the line idle.</summary>
    /// <inheritdoc cref="WindowAsync"/>
    public Task<bool> WindowAndIdleAsync(string digest, CancellationToken stopping) => WaitAsync(digest, forLine: true, stopping);

    /// <summary>A person wants the update that waits now: it waits for no window any more, though still for an idle line.</summary>
    /// <returns>False when no update waits.</returns>
    public bool Now()
    {
        lock (_gate)
        {
            if (!_waiting) return false;
            _now = "";
            return true;
        }
    }

    private async Task<bool> WaitAsync(string digest, bool forLine, CancellationToken stopping)
    {
        try
        {
            while (!wish.AnotherIsWanted() && !wish.StageChanged())
            {
                var window = Window(digest);
                var waitsFor = window.Open
                    ? forLine ? line.WaitsFor() : null
                    : window.Problem ?? (window.Until is null ? "a maintenance window, which never comes" : "the maintenance window");
                if (waitsFor is null) return true;
                status.WaitsFor(waitsFor, window.Open ? null : window.Until);
                await Task.Delay(Look, time, stopping);
            }
            return false;
        }
        finally
        {
            lock (_gate) _waiting = false;
            status.WaitsNoMore();
        }
    }

    private WindowState Window(string digest)
    {
        var state = WindowRule.At(options.Now.Windows, time.GetUtcNow());
        lock (_gate)
        {
            _waiting = !state.Open;
            if (_now == "") _now = digest;
            return _now == digest ? new(true, null) : state;
        }
    }
}

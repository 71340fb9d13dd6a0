using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>A timer whose ticks are requests of its activation. The next tick is set when this one has ended.</summary>
internal sealed partial class GrainTimer : IGrainTimer
{
    private readonly CancellationTokenSource _stopped = new();
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly ITimer _timer;
    private TimeSpan _period;
    private TimeSpan? _changed;
    private bool _ticking;

    public GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        (_activation, _callback, _options, _period) = (activation, callback, options, options.Period);
        var suppressed = ExecutionContext.IsFlowSuppressed();
        if (!suppressed) ExecutionContext.SuppressFlow();
        try
        {
            _timer = activation.Silo.GrainTime.CreateTimer(static state => ((GrainTimer)state!).Due(), this, options.DueTime, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            if (!suppressed) ExecutionContext.RestoreFlow();
        }
    }

    public bool Interleaves => _options.Interleave;

    public bool KeepAlive => _options.KeepAlive;

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        _period = period;
        if (_ticking) _changed = dueTime;
        else Arm(dueTime);
    }

    public void Dispose()
    {
        _stopped.Cancel();
        _timer.Dispose();
        _activation.RemoveTimer(this);
    }

    public async Task Tick()
    {
        if (_stopped.IsCancellationRequested) return;
        try
        {
            await _callback(_stopped.Token);
        }
        catch (Exception e)
        {
            Log.TickFailed(_activation.Silo.Logger, e, _activation.GrainId);
            throw;
        }
        finally
        {
            _ticking = false;
            var next = _changed ?? _period;
            _changed = null;
            if (!_stopped.IsCancellationRequested) Arm(next);
        }
    }

    private void Due()
    {
        _ticking = true;
        _activation.TryQueue(new TimerTick(this));
    }

    private void Arm(TimeSpan due)
    {
        try
        {
            _timer.Change(due, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // Stopped between the check and here.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 9011, Level = LogLevel.Warning, Message = "A timer of grain {Grain} failed; its next tick is unaffected")]
        public static partial void TickFailed(ILogger log, Exception exception, GrainId grain);
    }
}

/// <summary>One tick, as a request.</summary>
internal sealed class TimerTick(GrainTimer timer) : Request
{
    private bool _completed;

    public override bool Completed => _completed;

    public override bool Interleaves => timer.Interleaves;

    public override bool CountsAsUse => timer.KeepAlive;

    public override string ToString() => "a timer's tick";

    public override void Begin()
    {
        Current = this;
        RequestContext.Values = null;
        timer.Tick().ContinueWith(static (task, state) =>
        {
            var tick = (TimerTick)state!;
            (tick._completed, tick.Child) = (true, null);
            tick.Target!.Finish(tick, task.Exception?.InnerException);
        }, this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public override void Fail(Exception error)
    {
        // The activation never came to be, and its timers with it.
    }
}

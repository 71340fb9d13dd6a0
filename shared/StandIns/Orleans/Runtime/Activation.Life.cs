using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>How an activation begins and ends.</summary>
internal sealed partial class Activation
{
    private AsyncServiceScope _scope;
    private StrongBox? _reason;
    private TaskCompletionSource? _deactivated;
    private List<GrainTimer>? _timers;
    private long _lastUse = silo.Now;
    private long _keepUntil;

    public IServiceProvider ActivationServices => _scope.ServiceProvider;

    public Task Deactivated
    {
        get
        {
            lock (_work)
            {
                if (_phase == Phase.Gone) return Task.CompletedTask;
                return (_deactivated ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>Asks for the end: the running request finishes, waiting ones go to the next activation.</summary>
    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (_work)
        {
            if (_reason is not null || _phase == Phase.Gone) return;
            _reason = new StrongBox(deactivationReason);
            Schedule();
        }
    }

    public void KeepFor(TimeSpan time) => _keepUntil = time == Timeout.InfiniteTimeSpan || time == TimeSpan.MaxValue
        ? long.MaxValue : silo.Now + (long)time.TotalMilliseconds;

    public IGrainTimer AddTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        if (!ReferenceEquals(Current, this))
            throw new InvalidOperationException("A grain timer can only be registered in a turn of its grain.");
        var timer = new GrainTimer(this, callback, options);
        (_timers ??= []).Add(timer);
        return timer;
    }

    public void RemoveTimer(GrainTimer timer) => _timers?.Remove(timer);

    /// <summary>Whether it has been without use for its class's age.</summary>
    public bool IsIdle(long now)
    {
        lock (_work)
        {
            return _phase == Phase.Valid && _reason is null && _work.Count == 0
                && _running is null or { Count: 0 } && _waiting is null or { Count: 0 } && _urgent is null or { Count: 0 }
                && now >= _keepUntil && now - _lastUse > grainClass.CollectionAge.TotalMilliseconds;
        }
    }

    /// <summary>Everything queued or running here, at one moment.</summary>
    public void CopyRequests(List<Request> to)
    {
        lock (_work)
        {
            if (_running is not null) to.AddRange(_running);
            if (_waiting is not null) to.AddRange(_waiting);
            if (_urgent is not null) to.AddRange(_urgent);
        }
    }

    /// <summary>The request that keeps the waiting ones out.</summary>
    public Request? Blocker()
    {
        lock (_work) return _running is { Count: > 0 } ? _running[0] : null;
    }

    private async Task ActivateAsync()
    {
        using var limit = new CancellationTokenSource(silo.Collection.ActivationTimeout);
        try
        {
            _scope = silo.Services.CreateAsyncScope();
            Instance = await grainClass.Create(id, ActivationServices, limit.Token);
            await ((IGrainBase)Instance).OnActivateAsync(limit.Token);
            lock (_work)
            {
                _phase = Phase.Valid;
                silo.Meter.Created();
                Schedule();
            }
        }
        catch (Exception e)
        {
            Log.ActivationFailed(silo.Logger, e, id);
            foreach (var request in await EndAsync()) request.Fail(e);
        }
    }

    private async Task DeactivateAsync()
    {
        using var limit = new CancellationTokenSource(silo.Collection.DeactivationTimeout);
        try
        {
            foreach (var timer in _timers?.ToArray() ?? []) timer.Dispose();
            await ((IGrainBase)Instance).OnDeactivateAsync(_reason!.Value, limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception e)
        {
            // The activation ends whatever its grain says; its stored state is what counts.
            Log.DeactivationFailed(silo.Logger, e, id);
        }

        foreach (var request in await EndAsync())
        {
            if (request is not TimerTick) PassOn(request);
        }
    }

    private void PassOn(Request request)
    {
        try
        {
            // Once is for grains that call each other while they end; again and again would go on until the host's time-out.
            if (request.PassedOn) throw new SiloUnavailableException($"The silo is stopping; {request} was not begun.");
            request.PassedOn = silo.IsStopping;
            silo.Send(id, request);
        }
        catch (SiloUnavailableException e)
        {
            request.Fail(e);
        }
    }

    private async Task<List<Request>> EndAsync()
    {
        try
        {
            if (Instance is IAsyncDisposable asyncDisposable) await asyncDisposable.DisposeAsync();
            else (Instance as IDisposable)?.Dispose();
            await _scope.DisposeAsync();
        }
        catch (Exception e)
        {
            Log.DeactivationFailed(silo.Logger, e, id);
        }

        List<Request> left = [];
        lock (_work)
        {
            _phase = Phase.Gone;
            CopyRequests(left);
            (_waiting, _urgent, _running) = (null, null, null);
        }

        silo.Remove(this);
        _deactivated?.TrySetResult();
        return left;
    }

    private sealed record StrongBox(DeactivationReason Value);

    private static partial class Log
    {
        [LoggerMessage(EventId = 9001, Level = LogLevel.Error, Message = "Grain {Grain} could not be activated; its callers get the exception")]
        public static partial void ActivationFailed(ILogger log, Exception exception, GrainId grain);

        [LoggerMessage(EventId = 9002, Level = LogLevel.Error, Message = "Grain {Grain} failed in deactivation; it is gone all the same")]
        public static partial void DeactivationFailed(ILogger log, Exception exception, GrainId grain);
    }
}

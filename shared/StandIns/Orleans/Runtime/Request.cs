namespace Orleans.Runtime;

/// <summary>Something an activation runs as one request: a call or a tick of a timer.</summary>
internal abstract class Request
{
    private static readonly AsyncLocal<Request?> Running = new();

    /// <summary>The request in whose turn this code runs, if any.</summary>
    public static Request? Current
    {
        get => Running.Value;
        set => Running.Value = value;
    }

    /// <summary>Where it is queued or runs.</summary>
    public Activation? Target { get; set; }

    /// <summary>Milliseconds of the silo's coarse clock when it was sent.</summary>
    public long SentAt { get; set; }

    public bool Started { get; set; }

    /// <summary>An activation that ended before it began this has passed it on to the next one, while the silo was stopping.</summary>
    public bool PassedOn { get; set; }

    /// <summary>The last call this request has made: what it waits for, if it waits for a call.</summary>
    public Request? Child { get; protected set; }

    public abstract bool Completed { get; }

    /// <summary>Nobody waits for it any more: its caller has given up. Not started then.</summary>
    public virtual bool Abandoned => false;

    public abstract bool Interleaves { get; }

    public virtual bool ReadOnly => false;

    /// <summary>The chain of calls it belongs to, if one of them allowed that it comes back.</summary>
    public virtual Guid Chain => Guid.Empty;

    /// <summary>What a predicate of <see cref="Concurrency.MayInterleaveAttribute"/> looks at; null: it is no call.</summary>
    public virtual Serialization.Invocation.IInvokable? Call => null;

    public virtual bool CountsAsUse => true;

    /// <summary>Runs it in a turn of its activation, which is told by <see cref="Activation.Finish"/> when it ends.</summary>
    public abstract void Begin();

    public abstract void Fail(Exception error);

    /// <summary>How long its caller waits, if not as long as the silo says.</summary>
    public virtual TimeSpan? Timeout => null;

    /// <summary>Whether a caller waits for an answer, and for too long.</summary>
    public virtual bool HasTimedOut(long now, TimeSpan timeout) => false;

    protected static void MakesCall(Request caller, Request call) => caller.Child = call;
}

/// <summary>A call: its arguments, and the promise of its result.</summary>
internal sealed class Request<T> : Request, Serialization.Invocation.IInvokable
{
    private readonly TaskCompletionSource<T> _response = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GrainMethod<T> _method;
    private readonly GrainId _grain;
    private readonly GrainId? _source = Activation.Current?.GrainId;
    private readonly Dictionary<string, object>? _context = RequestContext.Values;
    private readonly SiloMeter _meter;
    private readonly long _begun;
    private object?[] _args;
    private CancellationTokenRegistration _cancellation;

    public Request(GrainMethod<T> method, object?[] args, GrainId grain, SiloMeter meter)
    {
        (_method, _args, _grain, _meter, _begun) = (method, args, grain, meter, meter.Begin());
        if (!method.OneWay && Current is { Completed: false } caller) MakesCall(caller, this);
    }

    public Task<T> Response => _response.Task;

    public override bool Completed => _response.Task.IsCompleted;

    public override bool Abandoned => Completed && !_method.OneWay;

    public override bool Interleaves => _method.AlwaysInterleave;

    public override bool ReadOnly => _method.ReadOnly;

    public override TimeSpan? Timeout => _method.Timeout;

    public override Guid Chain => _context is null ? Guid.Empty : _context.GetValueOrDefault(RequestContext.CALL_CHAIN_REENTRANCY_HEADER) is Guid id ? id : Guid.Empty;

    public override Serialization.Invocation.IInvokable Call => this;

    public int GetArgumentCount() => _args.Length;

    public object? GetArgument(int index) => _args[index];

    public string GetMethodName() => _method.Info.Name;

    public string GetInterfaceName() => _method.Info.DeclaringType!.FullName!;

    public string GetActivityName() => $"{_method.Info.DeclaringType!.Name}/{_method.Info.Name}";

    public Type GetInterfaceType() => _method.Info.DeclaringType!;

    public override string ToString() => $"{_method.Name} of {_grain}";

    public override bool HasTimedOut(long now, TimeSpan timeout) =>
        !Completed && now - SentAt > (Timeout ?? timeout).TotalMilliseconds;

    public void CancelWith(CancellationToken token)
    {
        if (!token.CanBeCanceled) return;
        _cancellation = token.UnsafeRegister(static (state, token) => ((Request<T>)state!).Cancel(token), this);
    }

    private void Cancel(CancellationToken token)
    {
        if (_response.TrySetException(new OperationCanceledException(token))) _meter.Canceled(_grain);
    }

    /// <summary>Nobody waits for the answer: the caller's task completes now.</summary>
    public void Forget() => _response.TrySetResult(default!);

    public override void Begin()
    {
        Current = this;
        // Its caller's values and nobody else's: another request may have run here just before.
        RequestContext.Values = _context;
        Task task;
        try
        {
            var filters = Target!.Silo.Filters;
            task = filters.Length == 0 ? _method.Invoke(Target.Instance, _args) : new GrainCall<T>(filters, Target, _method, _args, _source).Run();
        }
        catch (Exception e)
        {
            task = Task.FromException<T>(e);
        }

        if (task.IsCompleted) End(task);
        else task.ContinueWith(static (task, state) => ((Request<T>)state!).End(task), this,
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public override void Fail(Exception error)
    {
        if (_response.TrySetException(error) && error is TimeoutException) _meter.TimedOut(_grain);
        _cancellation.Dispose();
    }

    private void End(Task task)
    {
        try
        {
            if (task.IsCompletedSuccessfully) _response.TrySetResult(_method.Result(task, Target!.Silo.Copier));
            else if (task.IsCanceled) _response.TrySetCanceled();
            else _response.TrySetException(task.Exception!.InnerExceptions);
        }
        catch (Exception e)
        {
            _response.TrySetException(e);
        }

        _cancellation.Dispose();
        _meter.End(_begun);
        (_args, Child) = ([], null);
        Target!.Finish(this, task.Exception?.InnerException);
    }
}

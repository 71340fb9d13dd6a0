namespace Orleans.Runtime;

/// <summary>
/// One grain in memory: its instance, its queue of requests, and the scheduler on which all its code runs, continuations
/// included. One thread at a time works for it; a request starts when no other runs, unless one of them may interleave.
/// </summary>
internal sealed partial class Activation(Silo silo, GrainClass grainClass, GrainId id) : TaskScheduler, IGrainContext, IThreadPoolWorkItem
{
    private const int TasksPerSlice = 64;

    private readonly Queue<Task> _work = new();
    private Queue<Request>? _waiting;
    private Queue<Request>? _urgent;
    private List<Request>? _running;
    private List<Guid>? _chains;
    private Phase _phase;
    private bool _scheduled;

    private enum Phase : byte
    {
        New,
        Activating,
        Valid,
        Deactivating,
        Gone,
    }

    /// <summary>The activation in whose turn this code runs, if any.</summary>
    public static new Activation? Current => TaskScheduler.Current as Activation;

    public Silo Silo => silo;

    public GrainId GrainId => id;

    public object Instance { get; private set; } = null!;

    public object? GrainInstance => Instance;

    /// <summary>Takes a request in.</summary>
    /// <returns>False if this activation is gone: send it to the next one.</returns>
    public bool TryQueue(Request request)
    {
        lock (_work)
        {
            if (_phase == Phase.Gone) return false;
            request.Target = this;
            request.SentAt = silo.Now;
            if (request.Interleaves || grainClass.Reentrant || IsBack(request) || (request.Call is { } call && grainClass.MayInterleave?.Invoke(call) == true)) (_urgent ??= new()).Enqueue(request);
            else (_waiting ??= new()).Enqueue(request);
            Schedule();
        }

        return true;
    }

    /// <summary>Calls of this chain may come back here while it goes on.</summary>
    public void Enter(Guid chain)
    {
        lock (_work) (_chains ??= []).Add(chain);
    }

    public void Leave(Guid chain)
    {
        lock (_work) _chains!.Remove(chain);
    }

    private bool IsBack(Request request) => _chains is { Count: > 0 } chains && request.Chain is var chain && chain != Guid.Empty && chains.Contains(chain);

    /// <summary>Called once when a request that began here has ended.</summary>
    public void Finish(Request request, Exception? error)
    {
        lock (_work)
        {
            _running!.Remove(request);
            if (request.CountsAsUse) _lastUse = silo.Now;
            Schedule();
        }

        if (error is Storage.InconsistentStateException)
            Deactivate(new(DeactivationReasonCode.ApplicationError, error, "The state was changed by somebody else."));
    }

    void IThreadPoolWorkItem.Execute()
    {
        for (var slice = 0; slice < TasksPerSlice; slice++)
        {
            Task? task;
            lock (_work)
            {
                // Every eighth step looks for new requests too, so that a busy one cannot keep all others out.
                if (_work.Count == 0 || slice % 8 == 7) NextStep()?.Start(this);
                if (!_work.TryDequeue(out task))
                {
                    _scheduled = false;
                    return;
                }
            }

            TryExecuteTask(task);
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    protected override void QueueTask(Task task)
    {
        lock (_work)
        {
            _work.Enqueue(task);
            Schedule();
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(Current, this) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_work) return [.. _work];
    }

    private void Schedule()
    {
        if (_scheduled) return;
        _scheduled = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    /// <summary>What is to be begun now, if anything: the activation itself, a request, or the end.</summary>
    private Task? NextStep()
    {
        switch (_phase)
        {
            case Phase.New:
                _phase = Phase.Activating;
                return new Task<Task>(ActivateAsync);
            case Phase.Valid when _reason is not null:
                if (_running is { Count: > 0 }) return null;
                _phase = Phase.Deactivating;
                return new Task<Task>(DeactivateAsync);
            case Phase.Valid:
                return NextRequest() is { } request ? new Task(static state => ((Request)state!).Begin(), request) : null;
            default:
                return null;
        }
    }

    private Request? NextRequest()
    {
        while (_urgent is { Count: > 0 })
        {
            if (Start(_urgent) is { } urgent) return urgent;
        }

        while (_waiting is { Count: > 0 } && (_running is null or { Count: 0 } || (_waiting.Peek().ReadOnly && _running.TrueForAll(running => running.ReadOnly))))
        {
            if (Start(_waiting) is { } next) return next;
        }

        return null;
    }

    private Request? Start(Queue<Request> queue)
    {
        var request = queue.Dequeue();
        if (request.Abandoned) return null;
        request.Started = true;
        (_running ??= new(1)).Add(request);
        return request;
    }
}

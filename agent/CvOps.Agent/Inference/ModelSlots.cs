using CvOps.Vision;

namespace CvOps.Agent.Inference;

/// <summary>
/// The model in charge and the other warm one. Inference leases the pair for one frame at a time, so a change takes effect between two frames
/// and touches none; a model that left both slots is disposed after its last frame, beside the frame path. Safe from any thread.
/// </summary>
internal sealed class ModelSlots : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<LoadedModel, int> _leases = [];
    private Task _retiring = Task.CompletedTask;
    private LoadedModel? _active;
    private LoadedModel? _shadow;
    private bool _askShadow;
    private bool _standsIn;
    private bool _disposed;

    /// <summary>The pair a frame is inspected with. Dispose it when the frame is done.</summary>
    /// <param name="Shadow">Null when there is none, or it is not to be asked.</param>
    /// <param name="StandIn">Whom to ask when the active one gives no prediction; null for nobody.</param>
    public readonly record struct Lease(ModelSlots Slots, LoadedModel? Active, LoadedModel? Shadow, LoadedModel? StandIn) : IDisposable
    {
        public void Dispose() => Slots.Release(this);
    }

    public LoadedModel? Active
    {
        get
        {
            lock (_gate) return _active;
        }
    }

    /// <summary>Warm for an instant return, or on trial.</summary>
    public LoadedModel? Shadow
    {
        get
        {
            lock (_gate) return _shadow;
        }
    }

    /// <summary>Completes when the models that were let go so far are disposed.</summary>
    public Task Retired
    {
        get
        {
            lock (_gate) return _retiring;
        }
    }

    /// <summary>Whether the shadow infers on every frame, or is only kept warm.</summary>
    public bool AskShadow
    {
        get
        {
            lock (_gate) return _askShadow;
        }
        set
        {
            lock (_gate) _askShadow = value;
        }
    }

    /// <summary>
    /// Whether the shadow, the model before, is asked about frames that the active one gives no prediction for. Ends with the next change of a slot.
    /// </summary>
    public bool ShadowStandsIn
    {
        get
        {
            lock (_gate) return _standsIn;
        }
        set
        {
            lock (_gate) _standsIn = value;
        }
    }

    /// <summary>Puts a model in charge from the next frame on; the one that was becomes the shadow. A model already in the shadow slot changes places.</summary>
    public void Activate(LoadedModel model)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (ReferenceEquals(model, _active)) return;
            var leaving = ReferenceEquals(model, _shadow) ? null : _shadow;
            (_active, _shadow, _standsIn) = (model, _active, false);
            _leases.TryAdd(model, 0);
            RetireIfIdle(leaving);
        }
    }

    /// <summary>Puts a model in the shadow slot, or empties it with null.</summary>
    public void SetShadow(LoadedModel? model)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (ReferenceEquals(model, _shadow)) return;
            if (model is not null && ReferenceEquals(model, _active)) throw new InvalidOperationException($"{model.Ref.Name} {model.Ref.Version} is in charge and can't be the shadow too.");
            var leaving = _shadow;
            (_shadow, _standsIn) = (model, false);
            if (model is not null) _leases.TryAdd(model, 0);
            RetireIfIdle(leaving);
        }
    }

    /// <summary>Rolls back: the shadow takes charge, the model that was becomes the shadow.</summary>
    /// <returns>False when there is no shadow; nothing changes then.</returns>
    public bool SwapBack()
    {
        lock (_gate)
        {
            if (_shadow is null) return false;
            (_active, _shadow, _standsIn) = (_shadow, _active, false);
            return true;
        }
    }

    /// <summary>Gives a model that is in a slot a faster session, which it then owns.</summary>
    /// <returns>False when it is in none any more; the session stays the caller's.</returns>
    public bool TryUpgrade(LoadedModel model, ModelSession faster)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(model, _active) && !ReferenceEquals(model, _shadow)) return false;
            model.Upgrade(faster);
            return true;
        }
    }

    /// <summary>Empties both slots: a first model that failed leaves nothing to return to.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            var (active, shadow) = (_active, _shadow);
            _active = _shadow = null;
            RetireIfIdle(active);
            RetireIfIdle(shadow);
        }
    }

    /// <summary>The pair for one frame.</summary>
    public Lease Acquire()
    {
        lock (_gate)
        {
            var lease = new Lease(this, _active, _askShadow ? _shadow : null, _standsIn ? _shadow : null);
            Count(lease, 1);
            return lease;
        }
    }

    /// <summary>Models in the slots are gone when this returns, those in a frame's hands with their last frame.</summary>
    public void Dispose()
    {
        Task retiring;
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            var (active, shadow) = (_active, _shadow);
            _active = _shadow = null;
            RetireIfIdle(active);
            RetireIfIdle(shadow);
            retiring = _retiring;
        }
        retiring.GetAwaiter().GetResult();
    }

    private void Release(in Lease lease)
    {
        lock (_gate)
        {
            Count(lease, -1);
            RetireIfIdle(lease.Active);
            RetireIfIdle(lease.Shadow);
            RetireIfIdle(lease.StandIn);
        }
    }

    private void Count(in Lease lease, int change)
    {
        Count(lease.Active, change);
        Count(lease.Shadow, change);
        Count(lease.StandIn, change);
    }

    private void Count(LoadedModel? model, int change)
    {
        if (model is not null) _leases[model] += change;
    }

    private void RetireIfIdle(LoadedModel? model)
    {
        if (model is null || ReferenceEquals(model, _active) || ReferenceEquals(model, _shadow) || _leases.GetValueOrDefault(model) > 0 || !_leases.Remove(model)) return;
        Retire(model);
    }

    /// <summary>Not here: freeing a large model takes milliseconds, and the last to hold it is the frame path. A method of its own, as a lambda's captures are allocated where a method begins.</summary>
    private void Retire(LoadedModel model) =>
        _retiring = Task.WhenAll(_retiring, Task.Run(() =>
        {
            model.Dispose();
            NativeHeap.Trim();
        }));
}

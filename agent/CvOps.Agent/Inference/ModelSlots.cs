using CvOps.Vision;

namespace CvOps.Agent.Inference;

/// <summary>
/// The model in charge and the other warm one. Inference leases the pair for one frame at a time, so a change takes effect between two frames
/// and touches none; a model that left both slots is disposed after its last frame. Safe from any thread.
/// </summary>
internal sealed class ModelSlots : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<LoadedModel, int> _leases = [];
    private LoadedModel? _active;
    private LoadedModel? _shadow;
    private bool _askShadow;
    private bool _disposed;

    /// <summary>The pair a frame is inspected with. Dispose it when the frame is done.</summary>
    /// <param name="Shadow">Null when there is none, or it is not to be asked.</param>
    public readonly record struct Lease(ModelSlots Slots, LoadedModel? Active, LoadedModel? Shadow) : IDisposable
    {
        public void Dispose() => Slots.Release(Active, Shadow);
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

    /// <summary>Puts a model in charge from the next frame on; the one that was becomes the shadow. A model already in the shadow slot changes places.</summary>
    public void Activate(LoadedModel model)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (ReferenceEquals(model, _active)) return;
            var leaving = ReferenceEquals(model, _shadow) ? null : _shadow;
            (_active, _shadow) = (model, _active);
            DisposeIfIdle(leaving);
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
            _shadow = model;
            DisposeIfIdle(leaving);
        }
    }

    /// <summary>Rolls back: the shadow takes charge, the model that was becomes the shadow.</summary>
    /// <returns>False when there is no shadow; nothing changes then.</returns>
    public bool SwapBack()
    {
        lock (_gate)
        {
            if (_shadow is null) return false;
            (_active, _shadow) = (_shadow, _active);
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
            DisposeIfIdle(active);
            DisposeIfIdle(shadow);
        }
    }

    /// <summary>The pair for one frame.</summary>
    public Lease Acquire()
    {
        lock (_gate)
        {
            var shadow = _askShadow ? _shadow : null;
            Count(_active, 1);
            Count(shadow, 1);
            return new Lease(this, _active, shadow);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            var (active, shadow) = (_active, _shadow);
            _active = _shadow = null;
            DisposeIfIdle(active);
            DisposeIfIdle(shadow);
        }
    }

    private void Release(LoadedModel? active, LoadedModel? shadow)
    {
        lock (_gate)
        {
            Count(active, -1);
            Count(shadow, -1);
            DisposeIfIdle(active);
            DisposeIfIdle(shadow);
        }
    }

    private void Count(LoadedModel? model, int change)
    {
        if (model is not null) _leases[model] = _leases.GetValueOrDefault(model) + change;
    }

    private void DisposeIfIdle(LoadedModel? model)
    {
        if (model is null || ReferenceEquals(model, _active) || ReferenceEquals(model, _shadow) || _leases.GetValueOrDefault(model) > 0) return;
        _leases.Remove(model);
        model.Dispose();
    }
}

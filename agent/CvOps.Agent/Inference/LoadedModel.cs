using CvOps.Agent.Sampling;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Inference;

/// <summary>A model of a verified package, ready to run. <see cref="ModelSlots"/> owns it once it has been handed over.</summary>
internal sealed class LoadedModel(ModelRef reference, ModelSession session, ReferenceProfile? profile) : IDisposable
{
    // Cameras have few sizes; a folder of pictures may have any number of them.
    private const int MostPlans = 32;

    private readonly List<PreprocessPlan> _plans = [];
    private readonly List<ModelPlace> _idle = [];
    private readonly Dictionary<ModelSession, int> _rented = [];
    private volatile ModelSession _session = session;

    public ModelRef Ref { get; } = reference;

    public ModelManifest Manifest => Session.Manifest;

    /// <summary>The one in use from the next frame on.</summary>
    public ModelSession Session => _session;

    /// <summary>The world the model was made for; null for a package without a profile.</summary>
    public ReferenceProfile? Profile { get; } = profile;

    /// <summary>How many frames to run together.</summary>
    public BatchTuner Batch { get; } = new(session.Batches ? InspectionJob.MostFrames : 1);

    /// <summary>The plan for pictures of this size and format, made when it is first seen.</summary>
    /// <exception cref="ModelException">The manifest's input can't be made of such a picture.</exception>
    internal PreprocessPlan PlanFor(PictureView picture)
    {
        lock (_plans)
        {
            foreach (var known in _plans)
            {
                if (known.Fits(picture)) return known;
            }
            if (_plans.Count == MostPlans) _plans.RemoveAt(0);
            var plan = PreprocessPlan.Create(Manifest.Input, picture.Width, picture.Height, picture.Format, picture.Colour);
            _plans.Add(plan);
            return plan;
        }
    }

    /// <summary>Whether another model is given the same numbers for every picture.</summary>
    internal bool TakesSameTensor(LoadedModel other)
    {
        var (a, b) = (Manifest.Input, other.Manifest.Input);
        return Session.InputShape.AsSpan(1).SequenceEqual(other.Session.InputShape.AsSpan(1))
            && a.Mean.SequenceEqual(b.Mean) && a.Std.SequenceEqual(b.Std) && (a.Roi ?? []).SequenceEqual(b.Roi ?? [])
            && a with { Name = b.Name, Mean = b.Mean, Std = b.Std, Roi = b.Roi } == b;
    }

    /// <summary>Place for frames; give it back with <see cref="Return"/>.</summary>
    internal ModelPlace Rent(int frames)
    {
        ModelSession current;
        lock (_idle)
        {
            current = _session;
            _rented[current] = _rented.GetValueOrDefault(current) + 1;
            for (var i = _idle.Count - 1; i >= 0; i--)
            {
                if (_idle[i].Slot.Pictures < frames) continue;
                var place = _idle[i];
                _idle.RemoveAt(i);
                return place;
            }
        }
        var slot = current.CreateSlot(frames);
        slot.BandBelowCut = NearThresholdRule.Band;
        return new ModelPlace(Ref, current, slot);
    }

    internal void Return(ModelPlace place)
    {
        lock (_idle)
        {
            var left = _rented[place.Session] -= 1;
            if (ReferenceEquals(place.Session, _session))
            {
                _idle.Add(place);
                return;
            }
            place.Dispose();
            if (left == 0) Retire(place.Session);
        }
    }

    /// <summary>The same model on a faster provider takes over between two frames; the session that was goes after its last frame.</summary>
    /// <param name="faster">Owned by this model from here on.</param>
    internal void Upgrade(ModelSession faster)
    {
        lock (_idle)
        {
            var before = _session;
            _session = faster;
            foreach (var place in _idle) place.Dispose();
            _idle.Clear();
            if (_rented.GetValueOrDefault(before) == 0) Retire(before);
        }
    }

    /// <summary>Every place has been given back by then.</summary>
    public void Dispose()
    {
        lock (_idle)
        {
            foreach (var place in _idle) place.Dispose();
            _idle.Clear();
            Retire(_session);
        }
    }

    private void Retire(ModelSession session)
    {
        _rented.Remove(session);
        session.Dispose();
    }
}

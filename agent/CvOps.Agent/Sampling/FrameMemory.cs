using System.Numerics.Tensors;

namespace CvOps.Agent.Sampling;

/// <summary>The latest frames by trait and embedding, a ring of fixed size. One thread; allocates only when embeddings get another length.</summary>
internal sealed class FrameMemory(int capacity)
{
    private readonly FrameTrait[] _traits = new FrameTrait[capacity];
    private readonly long[] _times = new long[capacity];
    private float[] _embeddings = [];
    private int _length;
    private int _next;

    public int Count { get; private set; }

    public void Clear() => (Count, _next) = (0, 0);

    /// <param name="unit">The embedding at length 1; empty without. Of another length than before: what was remembered is of another model and goes.</param>
    public void Add(in FrameTrait trait, ReadOnlySpan<float> unit, long time)
    {
        if (unit.Length != _length)
        {
            Clear();
            _length = unit.Length;
            if (_embeddings.Length < capacity * _length) _embeddings = new float[capacity * _length];
        }
        (_traits[_next], _times[_next]) = (trait, time);
        unit.CopyTo(_embeddings.AsSpan(_next * _length, _length));
        _next = (_next + 1) % capacity;
        Count = Math.Min(capacity, Count + 1);
    }

    /// <summary>Cosine distance to the nearest, 0..2; NaN when there is none to compare with.</summary>
    public double Nearest(ReadOnlySpan<float> unit)
    {
        if (unit.Length != _length || _length == 0) return double.NaN;
        var nearest = double.NaN;
        for (var i = 0; i < Count; i++)
        {
            var distance = Distance(i, unit);
            if (!(distance >= nearest)) nearest = distance;
        }
        return nearest;
    }

    /// <summary>Whether it holds a near-duplicate. Another view of the same part is none: the better view is chosen elsewhere.</summary>
    /// <param name="since">Older ones do not count.</param>
    public bool Holds(in FrameTrait trait, ReadOnlySpan<float> unit, long since, int bits, double mostDistance)
    {
        if (unit.Length != _length) return false;
        for (var i = 0; i < Count; i++)
        {
            if (_times[i] < since || !NearDuplicateRule.IsNear(trait.Hash, _traits[i].Hash, bits) || (trait.Part is not null && _traits[i].Part == trait.Part)) continue;
            if (NearDuplicateRule.IsNear(trait, _traits[i], _length == 0 ? double.NaN : Distance(i, unit), bits, mostDistance)) return true;
        }
        return false;
    }

    private double Distance(int place, ReadOnlySpan<float> unit) => Math.Max(0, 1 - TensorPrimitives.Dot(_embeddings.AsSpan(place * _length, _length), unit));
}

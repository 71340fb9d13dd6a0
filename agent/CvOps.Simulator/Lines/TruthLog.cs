using System.Diagnostics.CodeAnalysis;
using CvOps.Contracts.Api;

namespace CvOps.Simulator.Lines;

/// <summary>The newest parts of a line with their truth. Safe between threads; forgets the oldest.</summary>
internal sealed class TruthLog
{
    /// <summary>At 5 parts a second, the last seven hours.</summary>
    public const int Capacity = 1 << 17;

    private readonly Lock _lock = new();
    private readonly List<PartTruth> _ring = [];
    private uint _newest;

    public uint Newest
    {
        get { lock (_lock) return _newest; }
    }

    /// <param name="truth">Serials come one after the other, from 1.</param>
    public void Add(PartTruth truth)
    {
        lock (_lock)
        {
            if (truth.Serial != _newest + 1) throw new ArgumentException($"Part {truth.Serial} after part {_newest}.", nameof(truth));
            _newest = truth.Serial;
            if (_ring.Count < Capacity) _ring.Add(truth);
            else _ring[Slot(truth.Serial)] = truth;
        }
    }

    public bool TryFind(uint serial, [NotNullWhen(true)] out PartTruth? truth)
    {
        lock (_lock)
        {
            truth = serial >= 1 && serial <= _newest && _newest - serial < Capacity ? _ring[Slot(serial)] : null;
            return truth is not null;
        }
    }

    /// <summary>Parts after a serial, the oldest first.</summary>
    public IReadOnlyList<PartTruth> After(uint serial, int limit)
    {
        lock (_lock)
        {
            var oldest = _newest > Capacity ? _newest - Capacity + 1 : 1;
            var from = Math.Max((long)serial + 1, oldest);
            var parts = new List<PartTruth>();
            for (var s = from; s <= _newest && parts.Count < limit; s++) parts.Add(_ring[Slot((uint)s)]);
            return parts;
        }
    }

    private static int Slot(uint serial) => (int)((serial - 1) % Capacity);
}

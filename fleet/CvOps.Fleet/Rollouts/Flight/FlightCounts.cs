using System.Runtime.CompilerServices;
using CvOps.Fleet.Rollouts.Evidence;

namespace CvOps.Fleet.Rollouts.Flight;

/// <summary>
/// What is counted of recorded telemetry. Old is the champion's view of a part, young the challenger's as far as it was recorded, in shadow or in charge;
/// where it was not, the two are the same. Confidences are sums of <see cref="ArmCounts.ConfidenceUnit"/>ths.
/// </summary>
internal enum FlightCounter
{
    Parts,

    OldErrors, OldRejects, OldUnsure, OldTimed, OldSlow, OldConfidence,

    YoungErrors, YoungRejects, YoungUnsure, YoungTimed, YoungSlow, YoungConfidence,

    /// <summary>Parts that both gave a prediction for, and of these.</summary>
    Pairs, Discordant, BothReject, OnlyYoungRejects, OnlyOldRejects, BothUnsure, OnlyYoungUnsure, OnlyOldUnsure, PairedYoung, PairedOld,

    Windows, DriftedWindows, Reports, Restarts,
}

/// <summary>Counts of one device over one step of a replay. Sums of whole numbers.</summary>
internal struct FlightCounts
{
    private Values _values;

    public long this[FlightCounter counter]
    {
        readonly get => _values[(int)counter];
        set => _values[(int)counter] = value;
    }

    public void Add(in FlightCounts other)
    {
        for (var i = 0; i < (int)FlightCounter.Restarts + 1; i++) _values[i] += other._values[i];
    }

    [InlineArray((int)FlightCounter.Restarts + 1)]
    private struct Values
    {
        private long _first;
    }
}

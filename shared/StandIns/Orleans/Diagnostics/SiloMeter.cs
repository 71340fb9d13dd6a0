using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Orleans.Runtime;

/// <summary>The silo in numbers: meter "Microsoft.Orleans", instruments by the original's names. Nothing is timed while nobody listens.</summary>
internal sealed class SiloMeter : IDisposable
{
    // Milliseconds, upper ends.
    private static readonly long[] Ends = [1, 2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1_000, 1_500, 2_000, 5_000, 10_000, 15_000];

    private readonly Meter _meter = new("Microsoft.Orleans");
    private readonly long[] _buckets = new long[Ends.Length + 1];
    private readonly Counter<long> _timedOut;
    private readonly Counter<long> _canceled;
    private readonly Counter<int> _created;
    private readonly Counter<int> _destroyed;
    private readonly ObservableCounter<long> _sum;
    private long _count;
    private long _milliseconds;

    public SiloMeter(Func<int> activations)
    {
        _timedOut = _meter.CreateCounter<long>("orleans-app-requests-timedout");
        _canceled = _meter.CreateCounter<long>("orleans-app-requests-canceled");
        _created = _meter.CreateCounter<int>("orleans-catalog-activation-created");
        _destroyed = _meter.CreateCounter<int>("orleans-catalog-activation-destroyed");
        _meter.CreateObservableGauge("orleans-catalog-activations", activations);
        _meter.CreateObservableCounter("orleans-app-requests-latency-bucket", Buckets);
        _meter.CreateObservableCounter("orleans-app-requests-latency-count", () => Interlocked.Read(ref _count));
        _sum = _meter.CreateObservableCounter("orleans-app-requests-latency-sum", () => Interlocked.Read(ref _milliseconds));
    }

    /// <returns>When a request was made; 0 while nobody asks how long they take.</returns>
    public long Begin() => _sum.Enabled ? Stopwatch.GetTimestamp() : 0;

    public void End(long begun)
    {
        if (begun == 0) return;
        var took = (long)Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _milliseconds, took);
        var bucket = Array.FindIndex(Ends, end => took <= end);
        Interlocked.Increment(ref _buckets[bucket < 0 ? Ends.Length : bucket]);
    }

    public void TimedOut(GrainId grain) => _timedOut.Add(1, new KeyValuePair<string, object?>("grain_type", grain.Type.ToString()));

    public void Canceled(GrainId grain) => _canceled.Add(1, new KeyValuePair<string, object?>("grain_type", grain.Type.ToString()));

    public void Created() => _created.Add(1);

    public void Destroyed() => _destroyed.Add(1);

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Buckets()
    {
        for (var i = 0; i < _buckets.Length; i++)
            yield return new Measurement<long>(Interlocked.Read(ref _buckets[i]), new KeyValuePair<string, object?>("duration", i < Ends.Length ? $"{Ends[i]}ms" : "+Inf"));
    }
}

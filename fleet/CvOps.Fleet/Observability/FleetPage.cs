using CvOps.Observability.Metrics;

namespace CvOps.Fleet.Observability;

/// <summary>All metrics as of now. Whoever asks within a second of somebody else gets the same page: gauges are queries.</summary>
internal sealed partial class FleetPage(IEnumerable<IFleetGauges> gauges, FleetCounters counters, TimeProvider time, ILogger<FleetPage> log) : IDisposable
{
    private static readonly TimeSpan StillNew = TimeSpan.FromSeconds(1);

    private readonly IFleetGauges[] _gauges = [.. gauges];
    private readonly SemaphoreSlim _one = new(1);
    private long _takenAt;

    /// <summary>The page that was taken last; null before the first.</summary>
    public MetricPage? Newest { get; private set; }

    public async Task<MetricPage> TakeAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            if (Newest is { } newest && time.GetElapsedTime(_takenAt) < StillNew) return newest;
            var page = new MetricPage();
            foreach (var part in _gauges)
            {
                try
                {
                    await part.WriteAsync(page, cancel);
                }
                catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
                {
                    // A database that is away must not hide that the broker is.
                    counters.GaugeFailed();
                    Log.GaugeFailed(log, part.GetType().Name, e.Message);
                }
            }
            counters.Write(page);
            (_takenAt, Newest) = (time.GetTimestamp(), page);
            return page;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private static partial class Log
    {
        [LoggerMessage(EventId = 9001, Level = LogLevel.Warning, Message = "{Part} cannot say how it is: {Reason}")]
        public static partial void GaugeFailed(ILogger logger, string part, string reason);
    }
}

using System.Text;

namespace CvOps.Fleet.Api;

/// <summary>
/// Tells every open page at once which kinds of things changed, twice a second at most: a hint costs the same however many look. The more there are, the
/// slower each is asked to fetch and the rarer it is told, so that all together never fetch more than about twenty pages a second.
/// </summary>
internal sealed class PagePulse(FleetEvents events, TimeProvider time) : BackgroundService
{
    /// <summary>Kinds that a page may show, each a bit.</summary>
    private static readonly string[] Kinds = ["device", "rollout", "drift", "frame", "training", "run", "model", "deadletter", "quality", "alert", "audit"];

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);
    private const int LeastPaceMs = 1000;
    private const int PaceMsOfViewer = 50;
    private const int MostPaceMs = 20_000;

    /// <summary>Beats to a pace: a page that may look every ten seconds need not hear of changes twice a second, and between two beats what everybody sees is drawn once.</summary>
    private const int BeatsToPace = 2;

    private readonly Lock _guard = new();
    private TaskCompletionSource<ReadOnlyMemory<byte>> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _viewers;
    private long _beats;

    /// <summary>How often pages were told of changes since the start.</summary>
    public long Beats => Volatile.Read(ref _beats);

    /// <summary>The next beat, as it goes to a page.</summary>
    public Task<ReadOnlyMemory<byte>> Next
    {
        get { lock (_guard) return _next.Task; }
    }

    /// <summary>One page more looks, until disposed.</summary>
    public IDisposable Look() => new Viewer(this);

    /// <returns>0 for a kind that no page shows.</returns>
    public static int BitOf(string kind) => Array.IndexOf(Kinds, kind) is >= 0 and var at ? 1 << at : 0;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var beats = new PeriodicTimer(Beat, time);
        try
        {
            while (await beats.WaitForNextTickAsync(stoppingToken))
            {
                var changed = events.TakeChanged();
                if (changed == 0) continue;
                TaskCompletionSource<ReadOnlyMemory<byte>> now;
                lock (_guard) (now, _next) = (_next, new(TaskCreationOptions.RunContinuationsAsynchronously));
                Interlocked.Increment(ref _beats);
                var pace = Pace;
                now.SetResult(Write(changed, pace));
                var beat = TimeSpan.FromMilliseconds(Math.Max(Beat.TotalMilliseconds, pace / (double)BeatsToPace));
                if (beats.Period != beat) beats.Period = beat;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private int Pace => Math.Clamp(Volatile.Read(ref _viewers) * PaceMsOfViewer, LeastPaceMs, MostPaceMs);

    private static ReadOnlyMemory<byte> Write(int changed, int pace)
    {
        var kinds = string.Join(',', Kinds.Where((_, at) => (changed & (1 << at)) != 0).Select(kind => $"\"{kind}\""));
        return Encoding.UTF8.GetBytes($"event: changed\ndata: {{\"kinds\":[{kinds}],\"pace\":{pace}}}\n\n");
    }

    private sealed class Viewer : IDisposable
    {
        private readonly PagePulse _pulse;

        public Viewer(PagePulse pulse)
        {
            _pulse = pulse;
            Interlocked.Increment(ref pulse._viewers);
        }

        public void Dispose() => Interlocked.Decrement(ref _pulse._viewers);
    }
}

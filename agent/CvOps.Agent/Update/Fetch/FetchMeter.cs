using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update.Fetch;

/// <summary>Counts the bytes of one package's fetching and says now and then how far it is.</summary>
internal sealed partial class FetchMeter(string package, long total, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Now = TimeSpan.FromSeconds(10);

    private long _present;
    private long _fetched;
    private long _neighbours;
    private long _reused;
    private long _said = time.GetTimestamp();

    public FetchProgress Progress => new(package, total, Interlocked.Read(ref _present), Interlocked.Read(ref _fetched), Interlocked.Read(ref _neighbours), Interlocked.Read(ref _reused));

    public void Present(long bytes)
    {
        Interlocked.Exchange(ref _present, bytes);
        if (time.GetElapsedTime(_said) < Now) return;
        _said = time.GetTimestamp();
        Say();
    }

    public void Fetched(long bytes) => Interlocked.Add(ref _fetched, bytes);

    public void FromNeighbours(long bytes) => Interlocked.Add(ref _neighbours, bytes);

    public void Reused(long bytes) => Interlocked.Add(ref _reused, bytes);

    public void Say()
    {
        var (_, whole, present, fetched, neighbours, reused) = Progress;
        Log.PackageFetching(log, package, present, whole, fetched, neighbours, reused);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4040, Level = LogLevel.Information, Message = "Package {Package}: {Present} of {Total} bytes are here; {Fetched} fetched, {FromNeighbours} from neighbours, {Reused} from packages on this disk")]
        public static partial void PackageFetching(ILogger log, string package, long present, long total, long fetched, long fromNeighbours, long reused);
    }
}

using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Capture;

/// <summary>Counts the damage of a camera's streams over all its connections, and says so at most every ten seconds: a lossy network must not fill the journal.</summary>
internal sealed partial class StreamDamageLog(CameraLane lane, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long _before;
    private long _current;
    private long _said;
    private long? _saidAt;
    private string _latest = "";

    public long Total { get { lock (_gate) return _before + _current; } }

    /// <param name="damage">Of the connection that is there now.</param>
    public void Look(StreamDamage damage)
    {
        long news;
        lock (_gate)
        {
            _current = damage.Count;
            lane.Meter.StreamDamages = _before + _current;
            _latest = damage.Latest ?? _latest;
            news = _before + _current - _said;
            if (news == 0 || (_saidAt is { } at && time.GetElapsedTime(at) < Quiet)) return;
            _said += news;
            _saidAt = time.GetTimestamp();
        }
        Log.StreamDamaged(logger, lane.Camera.Value, news, _latest);
    }

    public void ConnectionEnds()
    {
        lock (_gate) (_before, _current) = (_before + _current, 0);
    }

    private static partial class Log
    {
        [LoggerMessage(1006, LogLevel.Warning, "Camera {Camera}: the stream was damaged {Times} times, the latest: {Latest}")]
        public static partial void StreamDamaged(ILogger logger, string camera, long times, string latest);
    }
}

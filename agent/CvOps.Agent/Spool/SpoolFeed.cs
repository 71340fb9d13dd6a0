using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Spool;

/// <summary>
/// What the uplink reads: each class in its own order from just behind its cursor, the classes in turns by their shares. Not safe for several threads.
/// </summary>
internal sealed partial class SpoolFeed : IDisposable
{
    // Results must not stand behind a window full of pictures: on a line of 2 Mbit/s this is a second.
    private const int MostBytesOnTheWay = 256 * 1024;

    // What a message costs beside its payload: topic, packets, acknowledgement.
    private const int MessageBytes = 256;

    private readonly IReadOnlyList<SpoolStore> _stores;
    private readonly ILogger _logger;
    private readonly SpoolReader[] _readers;
    private readonly FairShare _turns;
    private readonly bool[] _ready;
    private readonly long[] _onTheWay;

    // Where nothing whole could be read, how far the log reached then.
    private readonly long[] _stalledAt;

    public SpoolFeed(IReadOnlyList<SpoolStore> stores, ILogger logger)
    {
        (_stores, _logger) = (stores, logger);
        _readers = [.. stores.Select(store => new SpoolReader(store))];
        _turns = new FairShare([.. stores.Select(store => store.Limits.Share)]);
        (_ready, _onTheWay, _stalledAt) = (new bool[stores.Count], new long[stores.Count], new long[stores.Count]);
    }

    /// <summary>Whether there may be something to read.</summary>
    public bool Ready
    {
        get
        {
            for (var index = 0; index < _readers.Length; index++)
            {
                if (HasMore(index)) return true;
            }
            return false;
        }
    }

    /// <summary>Whether a class has more than can be read: a damaged end, or a disk that refuses. A new feed tries again.</summary>
    public bool Stalled
    {
        get
        {
            for (var index = 0; index < _readers.Length; index++)
            {
                if (_stalledAt[index] >= _readers[index].Next) return true;
            }
            return false;
        }
    }

    /// <param name="only">One class alone; null for the one whose turn it is.</param>
    /// <returns>The next record, the caller's until <see cref="Return"/>; null when there is none yet, or enough of each class is on its way.</returns>
    public SpoolRecord? TryRead(SpoolClass? only = null)
    {
        for (var index = 0; index < _ready.Length; index++)
            _ready[index] = (only is null || _stores[index].Class == only) && HasMore(index) && _onTheWay[index] < MostBytesOnTheWay;
        while (_turns.Next(_ready) is >= 0 and var next)
        {
            if (TryRead(next) is { } record)
            {
                _turns.Charge(next, record.Payload.Length + MessageBytes);
                _onTheWay[next] += record.Payload.Length;
                return record;
            }
            // There is more, yet it can't be read: a damaged end, passed over when something is behind it.
            _ready[next] = false;
        }
        return null;
    }

    /// <summary>Its time to live is over.</summary>
    public bool Expired(SpoolRecord record) => _stores[(int)record.Class].Expired(record.WrittenAt);

    /// <summary>Seconds it may still be delivered, at least 1; 0: for ever.</summary>
    public uint SecondsLeft(SpoolRecord record)
    {
        var store = _stores[(int)record.Class];
        return TimeToLive.SecondsLeft(record.WrittenAt, store.Now, store.Limits.TimeToLive);
    }

    /// <summary>Takes a record back, to be filled again. One that somebody may still be reading is never given back.</summary>
    public void Return(SpoolRecord record)
    {
        _onTheWay[(int)record.Class] -= record.Payload.Length;
        _readers[(int)record.Class].Return(record);
    }

    public void Dispose()
    {
        foreach (var reader in _readers) reader.Dispose();
    }

    private bool HasMore(int index) => _stores[index].Last is var last && last >= _readers[index].Next && last != _stalledAt[index];

    private SpoolRecord? TryRead(int index)
    {
        var last = _stores[index].Last;
        try
        {
            if (_readers[index].TryRead() is { } record) return record;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(_logger, SpoolClasses.Name(_stores[index].Class), e.Message);
        }
        _stalledAt[index] = last;
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(2014, LogLevel.Error, "Messages of class {Class} in the spool can't be read; the other classes go on: {Reason}")]
        public static partial void Unreadable(ILogger logger, string @class, string reason);
    }
}

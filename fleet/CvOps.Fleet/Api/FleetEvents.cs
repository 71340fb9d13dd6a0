using System.Globalization;
using System.Security.Cryptography;
using System.Threading.Channels;

namespace CvOps.Fleet.Api;

/// <param name="Number">Rises by one with each hint of this fleet process.</param>
internal readonly record struct FleetHint(long Number, string Kind, string Id);

/// <summary>
/// Tells whoever looks that something changed; they fetch what it is. A client that reads too slowly loses its oldest hints, never
/// holds anybody up: the next hint about the same thing tells as much. The newest hints are kept, so that a client whose connection broke goes on where it was.
/// </summary>
internal sealed class FleetEvents
{
    private const int HintsPerClient = 256;

    /// <summary>A power of two.</summary>
    private const int Kept = 4096;

    private readonly Lock _lock = new();
    private readonly List<Channel<FleetHint>> _clients = [];
    private readonly FleetHint[] _newest = new FleetHint[Kept];

    /// <summary>Numbers of another process mean nothing here.</summary>
    private readonly string _epoch = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));

    private long _number;
    private int _changed;

    /// <param name="kind">device, rollout, drift, frame, training, run, model, deadletter, quality or alert.</param>
    public void Publish(string kind, string id)
    {
        Interlocked.Or(ref _changed, PagePulse.BitOf(kind));
        lock (_lock)
        {
            var hint = new FleetHint(++_number, kind, id);
            _newest[hint.Number % Kept] = hint;
            foreach (var client in _clients) client.Writer.TryWrite(hint);
        }
    }

    /// <summary>Kinds of which something changed since the last call, as <see cref="PagePulse.BitOf"/> numbers them.</summary>
    public int TakeChanged() => Interlocked.Exchange(ref _changed, 0);

    public Subscription Subscribe() => Subscribe(null);

    /// <param name="lastEventId">What <see cref="IdOf"/> gave of the last hint that the client had; null: it begins now.</param>
    public Subscription Subscribe(string? lastEventId)
    {
        var channel = Channel.CreateBounded<FleetHint>(new BoundedChannelOptions(HintsPerClient) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_lock)
        {
            _clients.Add(channel);
            var last = lastEventId is null ? _number : NumberOf(lastEventId);
            // Nothing tells what came since a hint of another process, or one that is long gone.
            var missed = last is not { } known || known > _number || _number - known > Kept;
            FleetHint[] earlier = missed ? [] : [.. Enumerable.Range(0, (int)(_number - last!.Value)).Select(i => _newest[(last.Value + 1 + i) % Kept])];
            return new Subscription(this, channel, earlier, missed, missed ? _number : last!.Value);
        }
    }

    public string IdOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{_epoch}-{number}");

    private long? NumberOf(string id) =>
        id.Split('-') is [var epoch, var text] && epoch == _epoch && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Hints from the moment of subscribing; dispose to leave.</summary>
    internal sealed class Subscription(FleetEvents owner, Channel<FleetHint> channel, IReadOnlyList<FleetHint> earlier, bool missed, long last) : IDisposable
    {
        public ChannelReader<FleetHint> Hints => channel.Reader;

        /// <summary>What came since the client's last hint, oldest first.</summary>
        public IReadOnlyList<FleetHint> Earlier => earlier;

        /// <summary>Hints came since then that nobody can tell any more.</summary>
        public bool Missed => missed;

        /// <summary>The number after which <see cref="Earlier"/> begins.</summary>
        public long Last => last;

        public void Dispose()
        {
            lock (owner._lock) owner._clients.Remove(channel);
        }
    }
}

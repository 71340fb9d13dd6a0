using System.Threading.Channels;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Api;

/// <summary>
/// Tells whoever looks that something changed; they fetch what it is. A client that reads too slowly loses its oldest hints, never
/// holds anybody up: the next hint about the same thing tells as much.
/// </summary>
internal sealed class FleetEvents
{
    private const int HintsPerClient = 256;

    private readonly Lock _lock = new();
    private readonly List<Channel<FleetEvent>> _clients = [];
    private int _changed;

    /// <param name="kind">device, rollout, drift, frame, training, run, model, deadletter, quality or alert.</param>
    public void Publish(string kind, string id)
    {
        var hint = new FleetEvent(kind, id);
        Interlocked.Or(ref _changed, PagePulse.BitOf(kind));
        lock (_lock)
        {
            foreach (var client in _clients) client.Writer.TryWrite(hint);
        }
    }

    /// <summary>Kinds of which something changed since the last call, as <see cref="PagePulse.BitOf"/> numbers them.</summary>
    public int TakeChanged() => Interlocked.Exchange(ref _changed, 0);

    public Subscription Subscribe()
    {
        var channel = Channel.CreateBounded<FleetEvent>(new BoundedChannelOptions(HintsPerClient) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_lock) _clients.Add(channel);
        return new Subscription(this, channel);
    }

    /// <summary>Hints from the moment of subscribing; dispose to leave.</summary>
    internal sealed class Subscription(FleetEvents owner, Channel<FleetEvent> channel) : IDisposable
    {
        public ChannelReader<FleetEvent> Hints => channel.Reader;

        public void Dispose()
        {
            lock (owner._lock) owner._clients.Remove(channel);
        }
    }
}

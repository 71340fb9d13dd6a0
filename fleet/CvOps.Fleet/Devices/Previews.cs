using System.Threading.Channels;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Devices;

/// <summary>Hands frames that devices show live to whoever looks, and keeps nothing. Who reads too slowly misses frames, and holds nobody up.</summary>
internal sealed class Previews
{
    /// <summary>Live views at once, whoever looks; each costs its device two small pictures a second.</summary>
    public const int MostViewers = 64;

    private readonly Lock _guard = new();
    private readonly List<Viewer> _viewers = [];

    public void Take(DeviceId device, SampledFrame frame)
    {
        lock (_guard)
        {
            foreach (var viewer in _viewers)
                if (viewer.Device == device && viewer.Camera == frame.Camera) viewer.Give(frame);
        }
    }

    /// <returns>Null when as many look as may.</returns>
    public Viewer? Look(DeviceId device, CameraId camera)
    {
        lock (_guard)
        {
            if (_viewers.Count >= MostViewers) return null;
            var viewer = new Viewer(this, device, camera);
            _viewers.Add(viewer);
            return viewer;
        }
    }

    /// <summary>Somebody who looks at a camera, until disposed.</summary>
    internal sealed class Viewer(Previews owner, DeviceId device, CameraId camera) : IDisposable
    {
        private readonly Channel<SampledFrame> _frames = Channel.CreateBounded<SampledFrame>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        public DeviceId Device => device;

        public CameraId Camera => camera;

        public ChannelReader<SampledFrame> Frames => _frames.Reader;

        public void Give(SampledFrame frame) => _frames.Writer.TryWrite(frame);

        public void Dispose()
        {
            lock (owner._guard) owner._viewers.Remove(this);
        }
    }
}

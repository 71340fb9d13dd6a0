using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>
/// One picture of a camera in its native size: I420 or NV12 of limited range, or B,G,R. Whoever holds it owns its pixels until <see cref="Dispose"/> gives it back
/// to the pool; a span of it never outlives that.
/// </summary>
internal sealed class Frame : IDisposable
{
    private readonly FramePool _pool;
    private readonly byte[] _pixels;
    private int _inUse;

    internal Frame(FramePool pool, int size)
    {
        _pool = pool;
        _pixels = GC.AllocateUninitializedArray<byte>(size, pinned: true);
    }

    /// <summary>The lane the frame came by: camera, counters.</summary>
    public CameraLane Lane { get; private set; } = null!;

    public int Width { get; private set; }

    public int Height { get; private set; }

    public PixelFormat Format { get; private set; }

    /// <summary>Bytes of the picture; the memory behind it may be more.</summary>
    public int PictureBytes { get; private set; }

    /// <summary>Counts the camera's connections, from 1.</summary>
    public int Connection { get; private set; }

    /// <summary>Number within the connection, from 0.</summary>
    public long Number { get; private set; }

    public DateTimeOffset CapturedAt { get; private set; }

    public TimeSource TimeSource { get; private set; }

    /// <summary>Half width of the interval the true capture time lies in, milliseconds.</summary>
    public double TimeUncertaintyMs { get; private set; }

    /// <summary>When it was read, on the clock of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long ReceivedTimestamp { get; private set; }

    /// <summary>What the numbers of a YUV picture mean.</summary>
    public YuvColour Colour { get; private set; }

    public PictureView Picture => new(Pixels, Width, Height, Format, Colour);

    /// <summary>The bytes, to be filled by the camera.</summary>
    public Span<byte> Pixels
    {
        get
        {
            ObjectDisposedException.ThrowIf(_inUse == 0, this);
            return _pixels;
        }
    }

    internal void Take(int width, int height, PixelFormat format, int pictureBytes, YuvColour colour)
    {
        _inUse = 1;
        (Width, Height, Format, PictureBytes, Colour) = (width, height, format, pictureBytes, colour);
    }

    internal void Stamp(CameraLane lane, int connection, long number, CaptureTime captured, long receivedTimestamp)
    {
        Lane = lane;
        Connection = connection;
        Number = number;
        (CapturedAt, TimeSource, TimeUncertaintyMs) = captured;
        ReceivedTimestamp = receivedTimestamp;
    }

    internal void Stamp(CameraLane lane, int connection, long number, DateTimeOffset capturedAt, double uncertaintyMs, long receivedTimestamp) =>
        Stamp(lane, connection, number, new CaptureTime(capturedAt, TimeSource.Host, uncertaintyMs), receivedTimestamp);

    /// <summary>Gives the frame back; a second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _inUse, 0) == 1) _pool.Return(this, _pixels.Length);
    }
}

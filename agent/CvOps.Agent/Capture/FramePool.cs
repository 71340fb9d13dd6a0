using System.Collections.Concurrent;
using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>
/// The agent's picture memory: buffers that go round. A frame is rented by one owner, who hands it on or disposes it; every frame rented
/// comes back exactly once.
/// </summary>
internal sealed class FramePool
{
    private readonly Dictionary<int, Stack<Frame>> _idle = [];
    private readonly ConcurrentDictionary<Frame, string> _owners = new();
    private long _rented;
    private long _returned;

    public long Rented => Interlocked.Read(ref _rented);

    public long Returned => Interlocked.Read(ref _returned);

    /// <summary>Frames in somebody's hands.</summary>
    public long Outstanding => Rented - Returned;

    /// <summary>Who holds frames now; filled in debug builds only.</summary>
    public IReadOnlyCollection<string> Owners => [.. _owners.Values];

    /// <param name="owner">Named when a frame is missing.</param>
    public Frame Rent(int width, int height, string owner) => Rent(width, height, PixelFormat.I420, owner);

    /// <inheritdoc cref="Rent(int, int, string)"/>
    public Frame Rent(int width, int height, PixelFormat format, string owner, YuvColour colour = default)
    {
        var size = PictureView.SizeOf(width, height, format);
        Frame? frame = null;
        lock (_idle)
        {
            if (_idle.TryGetValue(size, out var idle)) idle.TryPop(out frame);
            else _idle[size] = new Stack<Frame>();
        }
        frame ??= new Frame(this, size);
        frame.Take(width, height, format, size, colour);
        Interlocked.Increment(ref _rented);
        Remember(frame, owner);
        return frame;
    }

    /// <summary>Lets go of the idle memory of pictures of this size, which no camera sends any more.</summary>
    public void Trim(int width, int height)
    {
        lock (_idle)
        {
            _idle.Remove(PictureView.SizeOf(width, height, PixelFormat.I420));
            _idle.Remove(PictureView.SizeOf(width, height, PixelFormat.Bgr24));
        }
    }

    internal void Return(Frame frame, int size)
    {
        Forget(frame);
        lock (_idle)
        {
            if (_idle.TryGetValue(size, out var idle)) idle.Push(frame);
        }
        Interlocked.Increment(ref _returned);
    }

    [System.Diagnostics.Conditional("DEBUG")]
    private void Remember(Frame frame, string owner) => _owners[frame] = owner;

    [System.Diagnostics.Conditional("DEBUG")]
    private void Forget(Frame frame) => _owners.TryRemove(frame, out _);
}

using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>
/// Which size a picture of so many bytes has. The decoder announces a new size while pictures of the old one may still be on their way, so the
/// bytes decide; only between two sizes of as many bytes (a picture that was turned) nobody can tell. Any thread.
/// </summary>
internal sealed class AnnouncedSizes
{
    private readonly Lock _gate = new();
    private readonly List<(int Width, int Height)> _sizes = [];

    /// <summary>The size of the pictures that come now; 0x0 before the first announcement.</summary>
    public (int Width, int Height) Current { get { lock (_gate) return _sizes.Count == 0 ? default : _sizes[0]; } }

    public void Announce(int width, int height)
    {
        lock (_gate)
        {
            if (_sizes.Count == 0 || _sizes[^1] != (width, height)) _sizes.Add((width, height));
        }
    }

    /// <param name="bytes">Of the picture that comes now.</param>
    /// <param name="size">Its size, when it can be told.</param>
    /// <param name="latest">The size announced last.</param>
    /// <returns>False when no announced size has so many bytes, or two that differ have.</returns>
    public bool TryResolve(int bytes, PixelFormat format, out (int Width, int Height) size, out (int Width, int Height) latest)
    {
        lock (_gate)
        {
            (size, latest) = (default, _sizes.Count == 0 ? default : _sizes[^1]);
            for (var i = 0; i < _sizes.Count; i++)
            {
                if (Bytes(_sizes[i], format) != bytes) continue;
                _sizes.RemoveRange(0, i);
                size = _sizes[0];
                for (var later = 1; later < _sizes.Count; later++)
                {
                    if (Bytes(_sizes[later], format) == bytes) return false;
                }
                return true;
            }
            return false;
        }
    }

    private static long Bytes((int Width, int Height) size, PixelFormat format) =>
        size is { Width: > 0, Height: > 0 } && (long)size.Width * size.Height <= 1 << 29 ? PictureView.SizeOf(size.Width, size.Height, format) : -1;
}

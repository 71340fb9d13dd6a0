namespace CvOps.Vision;

/// <summary>How pixels lie in memory, rows tightly packed.</summary>
public enum PixelFormat
{
    /// <summary>A plane of luma, then U and V of half the width and height (rounded up).</summary>
    I420,

    /// <summary>A plane of luma, then one of U,V pairs of half the width and height (rounded up).</summary>
    Nv12,

    /// <summary>Rows of B,G,R bytes, 0..255.</summary>
    Bgr24,

    /// <summary>One plane of grey, 0..255.</summary>
    Grey8,
}

/// <summary>A picture somebody else owns; valid as long as its owner keeps the bytes.</summary>
public readonly ref struct PictureView
{
    /// <param name="data">At least <see cref="SizeOf"/> bytes; what lies behind is left out.</param>
    /// <param name="colour">What I420 and NV12 mean; BGR and grey are full range whatever is said.</param>
    /// <exception cref="ArgumentException">The picture has no pixels, or the bytes are too few for it.</exception>
    public PictureView(ReadOnlySpan<byte> data, int width, int height, PixelFormat format, YuvColour colour = default)
    {
        var size = SizeOf(width, height, format);
        if (data.Length < size) throw new ArgumentException($"A {width}x{height} {format} picture takes {size} bytes; {data.Length} were given.", nameof(data));
        Data = data[..size];
        Width = width;
        Height = height;
        Format = format;
        Colour = colour;
    }

    public ReadOnlySpan<byte> Data { get; }

    public int Width { get; }

    public int Height { get; }

    public PixelFormat Format { get; }

    /// <summary>What the luma and chroma of I420 and NV12 mean.</summary>
    public YuvColour Colour { get; }

    /// <summary>Width of a chroma plane in samples.</summary>
    public int ChromaWidth => (Width + 1) / 2;

    /// <summary>Rows of a chroma plane.</summary>
    public int ChromaHeight => (Height + 1) / 2;

    /// <summary>The plane of luma or grey.</summary>
    /// <exception cref="InvalidOperationException">BGR has none.</exception>
    public ReadOnlySpan<byte> Luma => Format == PixelFormat.Bgr24
        ? throw new InvalidOperationException("A BGR picture has no plane of luma.")
        : Data[..(Width * Height)];

    /// <summary>Bytes of a tightly packed picture.</summary>
    /// <exception cref="ArgumentException">No pixels, or more than 2^29.</exception>
    public static int SizeOf(int width, int height, PixelFormat format)
    {
        if (width < 1 || height < 1 || (long)width * height > 1 << 29) throw new ArgumentException($"{width}x{height} is no size of a picture: at least 1x1, at most 2^29 pixels.");
        var chroma = (width + 1) / 2 * ((height + 1) / 2);
        return format switch
        {
            PixelFormat.I420 or PixelFormat.Nv12 => width * height + 2 * chroma,
            PixelFormat.Bgr24 => checked(width * height * 3),
            _ => width * height,
        };
    }
}

/// <summary>A picture of its own: rows of B,G,R bytes.</summary>
public sealed record DecodedPicture(byte[] Bgr, int Width, int Height)
{
    public PictureView View => new(Bgr, Width, Height, PixelFormat.Bgr24);
}

/// <summary>A picture file that can't be read or written; the message says why.</summary>
public sealed class PictureException(string message, Exception? inner = null) : Exception(message, inner);

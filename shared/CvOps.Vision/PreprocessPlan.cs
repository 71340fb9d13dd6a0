using System.Runtime.InteropServices;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision.Preprocessing;

namespace CvOps.Vision;

/// <summary>
/// The way from one size and format of picture to the tensor of one model: colour, crop, resize, padding, masking, normalisation and layout
/// in one pass over the picture's rows, with tables made once. Holds scratch rows, so one plan serves one thread at a time; filling
/// allocates nothing and gives the same bytes on every processor.
/// </summary>
/// <remarks>
/// A session binds a tensor of <see cref="ElementType"/> for each of <see cref="Tiles"/> (or one of batch <see cref="Tiles"/>), hands its
/// bytes to <see cref="FillTile"/> (or <see cref="Fill(PictureView, Span{byte})"/>), and maps what tile i gives with <c>tile: i</c>.
/// </remarks>
public sealed class PreprocessPlan
{
    private readonly TensorTile[] _tiles;
    private readonly int _elementBytes;

    private PreprocessPlan(InputSpec spec, int width, int height, PixelFormat format, YuvColour colour)
    {
        if (InputRule.Problem(spec) is { } problem) throw new ModelException(char.ToUpperInvariant(problem[0]) + problem[1..]);
        if (!Enum.IsDefined(colour.Matrix) || !Enum.IsDefined(colour.Range)) throw new ArgumentException($"{colour} is no known colour.", nameof(colour));
        _ = PictureView.SizeOf(width, height, format);
        (Spec, Width, Height, Format) = (spec, width, height, format);
        // BGR and grey have one meaning only: their plans serve every view of them.
        Colour = IsYuv(format) ? colour : default;
        _elementBytes = spec.ElementType switch { ElementType.Float32 => sizeof(float), ElementType.Float16 => 2, _ => 1 };
        _tiles = [.. SourceWindow.Of(spec, width, height).Select(window => new TensorTile(spec, ResizeGeometry.Of(spec, window), width, height, format, Colour))];
    }

    /// <summary>Makes the tables.</summary>
    /// <exception cref="ModelException">The spec can't be used; the message says which of its numbers, and what is possible.</exception>
    /// <exception cref="ArgumentException">No picture has this size.</exception>
    public static PreprocessPlan Create(InputSpec spec, int width, int height, PixelFormat format, YuvColour colour = default) => new(spec, width, height, format, colour);

    /// <summary>The plan that leaves boxes in the pixels of the tensor, for outputs that no picture stands behind.</summary>
    public static PreprocessPlan Identity(InputSpec spec) =>
        new(spec with { Resize = ResizeMode.Stretch, Crop = null, Roi = null, Tiles = null }, spec.Width, spec.Height, PixelFormat.Grey8, default);

    public int Width { get; }

    public int Height { get; }

    public PixelFormat Format { get; }

    public YuvColour Colour { get; }

    /// <summary>What the tensor's numbers are.</summary>
    public ElementType ElementType => Spec.ElementType;

    /// <summary>Tensors a picture fills; 1 without tiling.</summary>
    public int Tiles => _tiles.Length;

    private InputSpec Spec { get; }

    /// <summary>True when the picture has the size, format and colour this plan was made for.</summary>
    public bool Fits(PictureView picture) =>
        picture.Width == Width && picture.Height == Height && picture.Format == Format && (!IsYuv(Format) || picture.Colour == Colour);

    /// <summary>Writes the whole tensor, padding included; with tiles, all of them one after another, [tiles, ...].</summary>
    /// <param name="tensor">Elements of <see cref="ElementType"/>: [1, 3 or 1, height, width], or [1, height, width, 3 or 1] for NHWC; one
    /// channel only for grey models.</param>
    /// <exception cref="ArgumentException">The picture is not the plan's, or the tensor has neither length.</exception>
    public void Fill(PictureView picture, Span<byte> tensor)
    {
        var size = tensor.Length / Tiles;
        if (size * Tiles != tensor.Length) throw new ArgumentException($"The tensor's {tensor.Length} bytes are not {Tiles} tiles.", nameof(tensor));
        for (var tile = 0; tile < Tiles; tile++) FillTile(picture, tile, tensor.Slice(tile * size, size));
    }

    /// <inheritdoc cref="Fill(PictureView, Span{byte})"/>
    /// <exception cref="ArgumentException">Or the plan's elements are not floats.</exception>
    public void Fill(PictureView picture, Span<float> tensor)
    {
        if (ElementType != ElementType.Float32) throw new ArgumentException($"The manifest's input is {ElementType}; its tensor is no row of floats.", nameof(tensor));
        Fill(picture, MemoryMarshal.AsBytes(tensor));
    }

    /// <summary>Writes one tile's whole tensor, padding included.</summary>
    /// <param name="tile">0 to <see cref="Tiles"/> - 1, row by row.</param>
    /// <param name="tensor">As of <see cref="Fill(PictureView, Span{byte})"/>, of this tile alone.</param>
    /// <exception cref="ArgumentException">The picture is not the plan's, or the tensor has neither length.</exception>
    public void FillTile(PictureView picture, int tile, Span<byte> tensor)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)tile, (uint)Tiles, nameof(tile));
        if (!Fits(picture)) throw new ArgumentException($"The plan is for {Width}x{Height} {Format} {Colour}; the picture is {picture.Width}x{picture.Height} {picture.Format} {picture.Colour}.", nameof(picture));
        var plane = Spec.Width * Spec.Height * _elementBytes;
        var grey = Spec.Channels == ChannelOrder.Grey;
        var channels = tensor.Length == 3 * plane ? 3 : tensor.Length == plane && grey ? 1
            : throw new ArgumentException($"The tensor holds {tensor.Length} bytes; {Spec.Width}x{Spec.Height} {Spec.Channels} {ElementType} takes {3 * plane}{(grey ? $" or {plane}" : "")}.", nameof(tensor));
        _tiles[tile].Fill(picture, tensor, channels);
    }

    /// <summary>A box in tensor pixels as one in picture pixels, clipped to the picture.</summary>
    public Detection ToPicture(in Detection inTensorPixels, int tile = 0)
    {
        var geometry = _tiles[tile].Geometry;
        var left = Math.Clamp(geometry.ToPictureX(inTensorPixels.X), 0, Width);
        var top = Math.Clamp(geometry.ToPictureY(inTensorPixels.Y), 0, Height);
        var right = Math.Clamp(geometry.ToPictureX(inTensorPixels.X + inTensorPixels.Width), 0, Width);
        var bottom = Math.Clamp(geometry.ToPictureY(inTensorPixels.Y + inTensorPixels.Height), 0, Height);
        return inTensorPixels with { X = left, Y = top, Width = right - left, Height = bottom - top };
    }

    /// <summary>A box in tensor pixels as one in picture pixels, clipped to the picture.</summary>
    public (float Left, float Top, float Right, float Bottom) ToPicture(float left, float top, float right, float bottom, int tile = 0)
    {
        var geometry = _tiles[tile].Geometry;
        return ((float)Math.Clamp(geometry.ToPictureX(left), 0, Width), (float)Math.Clamp(geometry.ToPictureY(top), 0, Height),
            (float)Math.Clamp(geometry.ToPictureX(right), 0, Width), (float)Math.Clamp(geometry.ToPictureY(bottom), 0, Height));
    }

    /// <summary>A point in tensor pixels as one in picture pixels; a point of the padding comes out beside the picture. (0, 0) is the corner of
    /// the first pixel on both sides, (0.5, 0.5) its centre.</summary>
    public (float X, float Y) ToPicture(float x, float y, int tile = 0)
    {
        var geometry = _tiles[tile].Geometry;
        return ((float)geometry.ToPictureX(x), (float)geometry.ToPictureY(y));
    }

    /// <summary>Picture pixels a tensor pixel is wide and high: what lengths are multiplied with.</summary>
    public (float X, float Y) ScaleToPicture(int tile = 0) => ((float)_tiles[tile].Geometry.ScaleX, (float)_tiles[tile].Geometry.ScaleY);

    /// <summary>Where a tile's part of the picture lies in its tensor; the rest is padding.</summary>
    internal ResizeGeometry Geometry(int tile) => _tiles[tile].Geometry;

    private static bool IsYuv(PixelFormat format) => format is PixelFormat.I420 or PixelFormat.Nv12;
}

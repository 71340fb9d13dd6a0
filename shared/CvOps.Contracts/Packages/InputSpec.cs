namespace CvOps.Contracts.Packages;

public enum TensorLayout { Nchw, Nhwc }

/// <summary>Channel order of the tensor. Grey: three equal channels when the model's input has three.</summary>
public enum ChannelOrder { Rgb, Bgr, Grey }

/// <summary>
/// How a picture meets the model's size. LetterboxCentre and LetterboxTopLeft keep the aspect ratio and pad. CentreCrop scales the short side
/// to <see cref="InputSpec.ShortSide"/> and cuts the middle out.
/// </summary>
public enum ResizeMode { Stretch, LetterboxCentre, LetterboxTopLeft, CentreCrop }

/// <summary>What a tensor's numbers are. UInt8 is rounded to the nearest, halves to even, and cut to 0..255.</summary>
public enum ElementType { Float32, Float16, UInt8 }

/// <summary>A rectangle in fractions of the picture's width and height, 0..1, origin top left; its edges go to the nearest whole pixel.</summary>
public sealed record PictureRectangle(double X, double Y, double Width, double Height);

/// <summary>A point in fractions of the picture's width and height, 0..1, origin top left.</summary>
public sealed record PicturePoint(double X, double Y);

/// <summary>Equal tiles in rows and columns, numbered row by row.</summary>
/// <param name="Columns">1..64; with <paramref name="Rows"/> at most 256 tiles.</param>
/// <param name="Overlap">Part of a tile that its neighbour shows too, 0..0.9.</param>
public sealed record TileGrid(int Columns, int Rows, double Overlap = 0);

/// <summary>The tensor a model wants: value = (pixel - mean) / std, pixel 0..255, per channel in <see cref="Channels"/> order.</summary>
public sealed record InputSpec
{
    /// <summary>Name of the graph input.</summary>
    public required string Name { get; init; }

    public required int Width { get; init; }

    public required int Height { get; init; }

    public TensorLayout Layout { get; set; } = TensorLayout.Nchw;

    public ChannelOrder Channels { get; set; } = ChannelOrder.Rgb;

    public ResizeMode Resize { get; set; } = ResizeMode.Stretch;

    /// <summary>CentreCrop: length of the short side before the cut, at least the input's longer side; null: the input's longer side.</summary>
    public int? ShortSide { get; init; }

    /// <summary>Pixel value of letterbox padding, 0..255.</summary>
    public double Pad { get; set; } = 114;

    /// <summary>Three numbers in the unit of pixels, 0..255.</summary>
    public IReadOnlyList<double> Mean { get; set; } = [0, 0, 0];

    /// <summary>Three numbers in the unit of pixels; 255 maps pixels to 0..1, 1 leaves them 0..255, as a UInt8 input mostly wants.</summary>
    public IReadOnlyList<double> Std { get; set; } = [255, 255, 255];

    public ElementType ElementType { get; set; } = ElementType.Float32;

    /// <summary>The part of the picture the model sees, cut out before anything else; null: all of it.</summary>
    public PictureRectangle? Crop { get; init; }

    /// <summary>
    /// A polygon of 3 to 256 corners, by the even-odd rule. A tensor pixel whose centre lies outside of it in the picture becomes
    /// <see cref="Pad"/>. Null: nothing is masked.
    /// </summary>
    public IReadOnlyList<PicturePoint>? Roi { get; init; }

    /// <summary>The crop in tiles, each of which fills a tensor of its own; null: one tensor holds it all.</summary>
    public TileGrid? Tiles { get; init; }
}

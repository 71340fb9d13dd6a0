namespace CvOps.Vision;

/// <summary>
/// From YUV to full-range colour: light = (Y - <see cref="Black"/>) * <see cref="Luma"/>, R = light + V * <see cref="RedV"/>, and so on, U and V
/// less 128. ITU-R BT.601 and BT.709, section 3 of each.
/// </summary>
internal readonly record struct YuvCoefficients(int Black, double Luma, double RedV, double GreenU, double GreenV, double BlueU)
{
    public static YuvCoefficients Of(YuvColour colour)
    {
        var (red, blue) = colour.Matrix == YuvMatrix.Bt709 ? (0.2126, 0.0722) : (0.299, 0.114);
        var green = 1 - red - blue;
        var (black, luma, chroma) = colour.Range == YuvRange.Full ? (0, 1, 1) : (16, 255 / 219.0, 255 / 224.0);
        return new(black, luma, 2 * (1 - red) * chroma, -2 * (1 - blue) * blue / green * chroma, -2 * (1 - red) * red / green * chroma, 2 * (1 - blue) * chroma);
    }
}

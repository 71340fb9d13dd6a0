namespace CvOps.Vision.PartCodes;

/// <summary>
/// The strip that names a part in the picture: 2 rows of 28 black and white cells. Two columns at each end are framing cells of
/// known colour, which carry the threshold; between them stand the 32-bit serial and its CRC-16, most significant bit first, row by row.
/// A strip that can't be read with certainty is a miss, never another serial.
/// </summary>
public static class PartCode
{
    private const int Columns = 28;
    private const int Rows = 2;
    private const int FramingColumns = 2;
    private const int RowBits = Columns - 2 * FramingColumns;
    private const byte Black = 20;
    private const byte White = 230;

    /// <summary>Least luma step between black and white: below this the noise of a dark picture makes the bits.</summary>
    private const int LeastContrast = 18;

    /// <summary>Narrowest region, in pixels.</summary>
    public const int MinWidth = Columns * 3;

    /// <summary>Lowest region, in pixels.</summary>
    public const int MinHeight = Rows * 3;

    /// <summary>Draws the strip into a luma plane.</summary>
    /// <param name="luma">Rows of <paramref name="stride"/> bytes.</param>
    /// <exception cref="ArgumentException">The region is too small or leaves the plane.</exception>
    public static void Draw(Span<byte> luma, int stride, PartCodeRegion region, uint serial)
    {
        if (stride <= 0 || !region.Fits(stride, luma.Length / Math.Max(stride, 1)))
            throw new ArgumentException($"{region} does not fit into a plane of {luma.Length} bytes with rows of {stride}, or is smaller than {MinWidth} x {MinHeight}.", nameof(region));
        var bits = Encode(serial);
        for (var row = 0; row < Rows; row++)
        for (var column = 0; column < Columns; column++)
        {
            var (left, right) = Span(region.X, region.Width, column, Columns);
            var (top, bottom) = Span(region.Y, region.Height, row, Rows);
            var colour = Colour(bits, row, column) ? White : Black;
            for (var y = top; y < bottom; y++) luma.Slice(y * stride + left, right - left).Fill(colour);
        }
    }

    /// <summary>Reads the strip. Allocates nothing.</summary>
    /// <returns>False when there is no strip, or it is too dark, too blurred, half drawn or damaged.</returns>
    public static bool TryRead(PictureView picture, PartCodeRegion region, out uint serial)
    {
        serial = 0;
        if (!region.Fits(picture.Width, picture.Height)) return false;
        Span<int> cells = stackalloc int[Rows * Columns];
        for (var row = 0; row < Rows; row++)
        for (var column = 0; column < Columns; column++)
            cells[row * Columns + column] = Measure(picture, region, row, column);
        return TryDecode(cells, out serial);
    }

    /// <param name="cells">Mean luma of each cell times 16, row by row.</param>
    private static bool TryDecode(ReadOnlySpan<int> cells, out uint serial)
    {
        serial = 0;
        ulong bits = 0;
        for (var row = 0; row < Rows; row++)
        {
            // The threshold runs along the row: a lamp from the side lights one end more than the other.
            var line = cells.Slice(row * Columns, Columns);
            if (!Levels(line[0], line[1], row, out var leftMiddle, out var leftStep)
                || !Levels(line[Columns - 2], line[Columns - 1], row, out var rightMiddle, out var rightStep)) return false;
            for (var column = FramingColumns; column < Columns - FramingColumns; column++)
            {
                var middle = leftMiddle + (rightMiddle - leftMiddle) * column / (Columns - 1);
                var step = leftStep + (rightStep - leftStep) * column / (Columns - 1);
                var above = line[column] - middle;
                // Within a sixth of the step from the threshold a cell is neither black nor white.
                if (Math.Abs(above) < step / 6) return false;
                bits = bits << 1 | (above > 0 ? 1UL : 0UL);
            }
        }

        var read = (uint)(bits >> 16);
        if (Encode(read) != bits) return false;
        serial = read;
        return true;
    }

    private static bool Levels(int first, int second, int row, out int middle, out int step)
    {
        var (white, black) = row == 0 ? (first, second) : (second, first);
        middle = (white + black) / 2;
        step = white - black;
        return step >= LeastContrast * 16;
    }

    private static bool Colour(ulong bits, int row, int column)
    {
        // Framing: white, black in the upper row; black, white in the lower; the same at both ends.
        if (column < FramingColumns) return column == row;
        if (column >= Columns - FramingColumns) return column - (Columns - FramingColumns) == row;
        var bit = row * RowBits + column - FramingColumns;
        return (bits >> (Rows * RowBits - 1 - bit) & 1) != 0;
    }

    /// <summary>The middle half of a cell: its edges belong to the neighbours once an encoder or a lens has been at them.</summary>
    private static int Measure(PictureView picture, PartCodeRegion region, int row, int column)
    {
        var (left, right) = Span(region.X, region.Width, column, Columns);
        var (top, bottom) = Span(region.Y, region.Height, row, Rows);
        var insetX = (right - left) / 4;
        var insetY = (bottom - top) / 4;
        var sum = 0;
        var count = (right - left - 2 * insetX) * (bottom - top - 2 * insetY);
        for (var y = top + insetY; y < bottom - insetY; y++)
        for (var x = left + insetX; x < right - insetX; x++)
            sum += Luma(picture, x, y);
        return sum * 16 / count;
    }

    private static int Luma(PictureView picture, int x, int y)
    {
        var at = y * picture.Width + x;
        if (picture.Format != PixelFormat.Bgr24) return picture.Data[at];
        var pixel = picture.Data.Slice(3 * at, 3);
        return (29 * pixel[0] + 150 * pixel[1] + 77 * pixel[2]) >> 8;
    }

    private static (int From, int To) Span(int start, int length, int index, int count) =>
        (start + length * index / count, start + length * (index + 1) / count);

    private static ulong Encode(uint serial) => (ulong)serial << 16 | Crc16(serial);

    /// <summary>CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF): all-black and all-white rows are no codes.</summary>
    private static ushort Crc16(uint serial)
    {
        uint crc = 0xFFFF;
        for (var bit = 31; bit >= 0; bit--)
        {
            var carry = (crc >> 15 ^ serial >> bit) & 1;
            crc = (crc << 1 ^ carry * 0x1021) & 0xFFFF;
        }

        return (ushort)crc;
    }
}

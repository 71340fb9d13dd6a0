namespace CvOps.Contracts.Packages;

/// <summary>Whether an input's numbers make sense by themselves, whatever the model and the picture.</summary>
public static class InputRule
{
    private const int LargestSide = 16_384;
    private const int MostTiles = 256;
    private const int MostTilesASide = 64;
    private const int MostCorners = 256;
    private const double MostOverlap = 0.9;

    /// <returns>The first thing wrong, a sentence without its capital; null when sound.</returns>
    public static string? Problem(InputSpec input)
    {
        if (string.IsNullOrEmpty(input.Name)) return "the manifest does not name the model's input.";
        if (input.Width is < 1 or > LargestSide || input.Height is < 1 or > LargestSide) return $"the manifest's input is {input.Width}x{input.Height}; each side must be 1 to {LargestSide} pixels.";
        if (12L * input.Width * input.Height > int.MaxValue) return $"the manifest's input is {input.Width}x{input.Height}; its tensor would have more bytes than the {int.MaxValue} that are possible.";
        if (input.Mean.Count != 3 || input.Std.Count != 3) return $"the manifest's mean and std have {input.Mean.Count} and {input.Std.Count} numbers; both need three, in channel order.";
        // Tensors are made of floats: what overflows or vanishes there is no mean and no std.
        if (!input.Mean.All(mean => float.IsFinite((float)mean)) || !input.Std.All(std => float.IsFinite((float)std) && (float)std > 0)) return $"the manifest's mean {List(input.Mean)} must be finite and its std {List(input.Std)} finite and above 0.";
        if (input.Pad is not (>= 0 and <= 255)) return "the manifest's padding is not a pixel value, 0 to 255.";
        if (!Enum.IsDefined(input.ElementType)) return $"the manifest's element type {(int)input.ElementType} is none of {string.Join(", ", Enum.GetNames<ElementType>())}.";
        if (input.ElementType == ElementType.UInt8 && input.Std.Any(std => std > 127)) return $"the manifest's std {List(input.Std)} leaves a UInt8 input nothing but 0 to 2; raw pixels have std 1.";
        return OfCrop(input.Crop) ?? OfRoi(input.Roi) ?? OfTiles(input.Tiles);
    }

    private static string? OfCrop(PictureRectangle? crop) =>
        crop is null || (crop is { X: >= 0, Y: >= 0, Width: > 0, Height: > 0 } && crop.X + crop.Width <= 1 + 1e-9 && crop.Y + crop.Height <= 1 + 1e-9)
            ? null
            : $"the manifest's crop ({List([crop.X, crop.Y, crop.Width, crop.Height])}) does not lie inside the picture, whose sides are 0 to 1.";

    private static string? OfRoi(IReadOnlyList<PicturePoint>? roi)
    {
        if (roi is null) return null;
        if (roi.Count is < 3 or > MostCorners) return $"the manifest's region of interest has {roi.Count} corners; 3 to {MostCorners} make a polygon.";
        return roi.FirstOrDefault(corner => corner is not { X: >= 0 and <= 1, Y: >= 0 and <= 1 }) is { } stray
            ? $"the manifest's region of interest has a corner at ({List([stray.X, stray.Y])}), outside the picture, whose sides are 0 to 1."
            : null;
    }

    private static string? OfTiles(TileGrid? tiles)
    {
        if (tiles is null) return null;
        if (tiles.Columns is < 1 or > MostTilesASide || tiles.Rows is < 1 or > MostTilesASide || tiles.Columns * tiles.Rows > MostTiles) return $"the manifest's tiles are {tiles.Columns} x {tiles.Rows}; 1 to {MostTilesASide} a side are possible, {MostTiles} in all.";
        return tiles.Overlap is >= 0 and <= MostOverlap ? null : $"the manifest's tiles overlap by {List([tiles.Overlap])}; 0 to {List([MostOverlap])} of a tile is possible.";
    }

    private static string List(IEnumerable<double> numbers) => string.Join(", ", numbers.Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}

namespace CvOps.Vision.Decoders;

/// <summary>A model's word on the class of every pixel of a grid over its input.</summary>
internal abstract class PixelClasses
{
    public abstract int Columns { get; }

    public abstract int Rows { get; }

    /// <summary>Adds the pixels of a window to the counts of their classes.</summary>
    /// <returns>A sentence when a pixel is of no class that the manifest has.</returns>
    public abstract string? Count(int row, in GridWindow window, Span<long> counts);
}

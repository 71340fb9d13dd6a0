namespace CvOps.Fleet.Datasets.Quality.Pictures;

/// <summary>
/// What a picture is like where no model says it: how strong its edges are in eight directions in each of 4 x 4 fields, at the root so that one edge does not
/// drown the others (after Dalal and Triggs, Histograms of Oriented Gradients, 2005). 128 numbers.
/// </summary>
internal static class GradientEmbedding
{
    /// <summary>Of the square of greys that it is made from.</summary>
    public const int Side = 64;

    /// <summary>What the space of these embeddings is called.</summary>
    public const string Space = "gradients";

    private const int Fields = 4;
    private const int Directions = 8;

    /// <param name="greys">64 x 64, row by row.</param>
    public static float[] Of(ReadOnlySpan<float> greys)
    {
        var sums = new float[Fields * Fields * Directions];
        for (var y = 1; y < Side - 1; y++)
            for (var x = 1; x < Side - 1; x++)
            {
                var (dx, dy) = (greys[y * Side + x + 1] - greys[y * Side + x - 1], greys[(y + 1) * Side + x] - greys[(y - 1) * Side + x]);
                // Light against dark is the same edge as dark against light.
                var turn = Math.Atan2(dy, dx) / Math.PI;
                var direction = (int)((turn < 0 ? turn + 1 : turn) * Directions) % Directions;
                sums[(y * Fields / Side * Fields + x * Fields / Side) * Directions + direction] += MathF.Sqrt(dx * dx + dy * dy);
            }
        for (var i = 0; i < sums.Length; i++) sums[i] = MathF.Sqrt(sums[i]);
        return sums;
    }
}

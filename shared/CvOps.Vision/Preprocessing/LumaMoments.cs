using System.Runtime.InteropServices;

namespace CvOps.Vision.Preprocessing;

/// <summary>Sums over pixels and over their 4-neighbour Laplacian, in whole numbers: the same in any order and at any vector width.</summary>
internal struct LumaMoments
{
    public long Sum { get; private set; }

    public long Squares { get; private set; }

    public long Edges { get; private set; }

    public long EdgeSquares { get; private set; }

    /// <summary>Sum of |N|, N the difference of two Laplacians (1 -2 1, -2 4 -2, 1 -2 1): blind to edges, not to noise.</summary>
    public long Noise { get; private set; }

    /// <summary>Adds a row that has no neighbours.</summary>
    public void Add(ReadOnlySpan<byte> row)
    {
        foreach (var pixel in row) Add(pixel);
    }

    /// <summary>Adds a row, and the Laplacian and the noise of its pixels that have four neighbours.</summary>
    /// <param name="row">At least three pixels.</param>
    public void Add(ReadOnlySpan<byte> above, ReadOnlySpan<byte> row, ReadOnlySpan<byte> below)
    {
        Add(row[0]);
        Add(row[^1]);
        var x = 1;
        if (Words512.IsSupported) x = Add<Words512>(above, row, below, x);
        if (Words256.IsSupported) x = Add<Words256>(above, row, below, x);
        x = Add<Words128>(above, row, below, x);
        for (; x < row.Length - 1; x++)
        {
            Add(row[x]);
            var edge = above[x] + below[x] + row[x - 1] + row[x + 1] - 4 * row[x];
            Edges += edge;
            EdgeSquares += edge * edge;
            Noise += Math.Abs(above[x - 1] + above[x + 1] + below[x - 1] + below[x + 1] + 4 * row[x] - 2 * (above[x] + below[x] + row[x - 1] + row[x + 1]));
        }
    }

    /// <returns>The first pixel that did not fill a register any more.</returns>
    private int Add<T>(ReadOnlySpan<byte> above, ReadOnlySpan<byte> row, ReadOnlySpan<byte> below, int x) where T : struct, IWords<T>
    {
        // Two squares of up to 1020 go into a sum of 31 bits a thousand times.
        const int most = 1000;
        ref var up = ref MemoryMarshal.GetReference(above);
        ref var middle = ref MemoryMarshal.GetReference(row);
        ref var down = ref MemoryMarshal.GetReference(below);
        var one = T.All(1);
        while (x + T.Count < row.Length)
        {
            var (sum, squares, edges, edgeSquares, noise) = (default(T), default(T), default(T), default(T), default(T));
            for (var end = Math.Min(row.Length - T.Count, x + most * T.Count); x < end; x += T.Count)
            {
                var pixels = T.Widen(in middle, x);
                var cross = T.Widen(in up, x) + T.Widen(in down, x) + T.Widen(in middle, x - 1) + T.Widen(in middle, x + 1);
                var edge = cross - (pixels << 2);
                var corners = T.Widen(in up, x - 1) + T.Widen(in up, x + 1) + T.Widen(in down, x - 1) + T.Widen(in down, x + 1);
                var mask = corners - (cross << 1) + (pixels << 2);
                var sign = mask >> 15;
                sum = T.AddProducts(sum, pixels, one);
                squares = T.AddProducts(squares, pixels, pixels);
                edges = T.AddProducts(edges, edge, one);
                edgeSquares = T.AddProducts(edgeSquares, edge, edge);
                noise = T.AddProducts(noise, (mask ^ sign) - sign, one);
            }
            Sum += T.Total(sum);
            Squares += T.Total(squares);
            Edges += T.Total(edges);
            EdgeSquares += T.Total(edgeSquares);
            Noise += T.Total(noise);
        }
        return x;
    }

    private void Add(byte pixel)
    {
        Sum += pixel;
        Squares += pixel * pixel;
    }
}

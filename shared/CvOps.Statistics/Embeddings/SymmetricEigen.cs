namespace CvOps.Statistics.Embeddings;

/// <summary>Eigenvalues and eigenvectors of a small symmetric matrix by Jacobi's rotations (Golub and Van Loan, Matrix Computations, 8.5).</summary>
internal static class SymmetricEigen
{
    private const int MostSweeps = 60;

    /// <param name="matrix">[n, n], symmetric; overwritten.</param>
    /// <returns>Values, falling, and the vector of value k in column k.</returns>
    public static (double[] Values, double[,] Vectors) Decompose(double[,] matrix)
    {
        var n = matrix.GetLength(0);
        var vectors = new double[n, n];
        for (var i = 0; i < n; i++) vectors[i, i] = 1;
        for (var sweep = 0; sweep < MostSweeps && OffDiagonal(matrix) > 0; sweep++)
            for (var p = 0; p < n - 1; p++)
                for (var q = p + 1; q < n; q++) Rotate(matrix, vectors, p, q);

        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => matrix[i, i])];
        var sorted = new double[n, n];
        for (var k = 0; k < n; k++)
            for (var i = 0; i < n; i++) sorted[i, k] = vectors[i, order[k]];
        return ([.. order.Select(i => matrix[i, i])], sorted);
    }

    /// <returns>0 when what is left beside the diagonal is rounding.</returns>
    private static double OffDiagonal(double[,] a)
    {
        var (off, on) = (0.0, 0.0);
        for (var i = 0; i < a.GetLength(0); i++)
        {
            on += a[i, i] * a[i, i];
            for (var j = 0; j < i; j++) off += a[i, j] * a[i, j];
        }
        return off <= 1e-28 * on ? 0 : off;
    }

    private static void Rotate(double[,] a, double[,] vectors, int p, int q)
    {
        if (a[p, q] == 0) return;
        var theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        var t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1));
        var c = 1 / Math.Sqrt(t * t + 1);
        var s = t * c;
        for (var k = 0; k < a.GetLength(0); k++) (a[k, p], a[k, q]) = (c * a[k, p] - s * a[k, q], s * a[k, p] + c * a[k, q]);
        for (var k = 0; k < a.GetLength(0); k++) (a[p, k], a[q, k]) = (c * a[p, k] - s * a[q, k], s * a[p, k] + c * a[q, k]);
        for (var k = 0; k < a.GetLength(0); k++) (vectors[k, p], vectors[k, q]) = (c * vectors[k, p] - s * vectors[k, q], s * vectors[k, p] + c * vectors[k, q]);
    }
}

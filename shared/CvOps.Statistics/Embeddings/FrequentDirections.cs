namespace CvOps.Statistics.Embeddings;

/// <summary>
/// A sketch of X'X for rows that come one by one: Frequent Directions (Ghashami, Liberty, Phillips, Woodruff 2016). Along any direction it is too
/// small, by <see cref="Error"/> at most. Not for several threads at once.
/// </summary>
public sealed class FrequentDirections
{
    private readonly int _kept;
    private readonly double[][] _rows;
    private int _filled;

    /// <param name="directions">Rows that the sketch keeps, at least 1.</param>
    /// <param name="dimensions">Numbers of a row, at least 1.</param>
    public FrequentDirections(int directions, int dimensions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(directions, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        _kept = directions;
        _rows = [.. Enumerable.Range(0, 2 * directions).Select(_ => new double[dimensions])];
    }

    /// <summary>What the squared length along a direction may be too small by: the sum of what shrinking took away.</summary>
    public double Error { get; private set; }

    /// <param name="row">As many finite numbers as dimensions.</param>
    public void Add(ReadOnlySpan<double> row)
    {
        if (row.Length != _rows[0].Length) throw new ArgumentException($"A row has {_rows[0].Length} numbers, not {row.Length}.", nameof(row));
        if (_filled == _rows.Length) Shrink();
        row.CopyTo(_rows[_filled++]);
    }

    /// <returns>Orthonormal directions with the squared length of the rows along each, falling; those without any are left out.</returns>
    public IReadOnlyList<(double[] Direction, double SquaredLength)> Directions()
    {
        if (_filled > _kept) Shrink();
        return Decompose(_kept);
    }

    private void Shrink()
    {
        var found = Decompose(_kept + 1);
        var cut = found.Count > _kept ? found[_kept].SquaredLength : 0;
        Error += cut;
        _filled = 0;
        foreach (var (direction, squares) in found.Take(_kept))
        {
            if (squares <= cut) break;
            var length = Math.Sqrt(squares - cut);
            for (var i = 0; i < direction.Length; i++) _rows[_filled][i] = direction[i] * length;
            _filled++;
        }
    }

    /// <summary>The first right singular vectors by way of the small matrix of the rows' products.</summary>
    private List<(double[] Direction, double SquaredLength)> Decompose(int most)
    {
        var products = new double[_filled, _filled];
        for (var i = 0; i < _filled; i++)
            for (var j = 0; j <= i; j++) products[i, j] = products[j, i] = Dot(_rows[i], _rows[j]);
        var (values, vectors) = SymmetricEigen.Decompose(products);
        var found = new List<(double[], double)>();
        for (var k = 0; k < Math.Min(most, _filled) && values[k] > 1e-12 * values[0]; k++)
        {
            var direction = new double[_rows[0].Length];
            for (var i = 0; i < _filled; i++)
                for (var d = 0; d < direction.Length; d++) direction[d] += vectors[i, k] * _rows[i][d];
            var length = Math.Sqrt(Dot(direction, direction));
            for (var d = 0; d < direction.Length; d++) direction[d] /= length;
            found.Add((direction, values[k]));
        }
        return found;
    }

    private static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}

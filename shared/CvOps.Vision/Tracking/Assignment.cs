namespace CvOps.Vision.Tracking;

/// <summary>
/// Pairs rows with columns at the least total cost by shortest augmenting paths (Jonker and Volgenant 1987), where leaving a row without a partner
/// costs the limit: a pair at or above it is never made. Buffers grow to the largest problem and are reused.
/// </summary>
internal sealed class Assignment
{
    private double[] _rowPotential = [];
    private double[] _columnPotential = [];
    private double[] _slack = [];
    private int[] _rowOf = [];
    private int[] _way = [];
    private bool[] _used = [];

    /// <param name="costs">Row by row, [rows, columns]; infinity forbids a pair.</param>
    /// <param name="columnOf">Filled for each row: its column, or -1.</param>
    public void Solve(ReadOnlySpan<double> costs, int rows, int columns, double limit, Span<int> columnOf)
    {
        // Each row has a stand-in column of its own that costs the limit: to take it is to stay alone.
        var width = columns + rows;
        Reserve(rows + 1, width + 1);
        Array.Clear(_rowPotential, 0, rows + 1);
        Array.Clear(_columnPotential, 0, width + 1);
        Array.Clear(_rowOf, 0, width + 1);
        for (var row = 1; row <= rows; row++) Augment(costs, row, columns, width, limit);
        columnOf[..rows].Fill(-1);
        for (var column = 1; column <= columns; column++)
        {
            if (_rowOf[column] > 0 && costs[(_rowOf[column] - 1) * columns + column - 1] < limit) columnOf[_rowOf[column] - 1] = column - 1;
        }
    }

    /// <summary>Brings one more row in along the cheapest path. Indices count from 1; 0 is the root.</summary>
    private void Augment(ReadOnlySpan<double> costs, int row, int columns, int width, double limit)
    {
        Array.Fill(_slack, double.PositiveInfinity, 0, width + 1);
        Array.Clear(_used, 0, width + 1);
        _rowOf[0] = row;
        var at = 0;
        do
        {
            _used[at] = true;
            var (from, next, delta) = (_rowOf[at], 0, double.PositiveInfinity);
            for (var column = 1; column <= width; column++)
            {
                if (_used[column]) continue;
                var cost = column <= columns ? Math.Min(costs[(from - 1) * columns + column - 1], 2 * limit + 1) : column == columns + from ? limit : 2 * limit + 1;
                var reduced = cost - _rowPotential[from] - _columnPotential[column];
                if (reduced < _slack[column]) (_slack[column], _way[column]) = (reduced, at);
                if (_slack[column] < delta) (delta, next) = (_slack[column], column);
            }
            for (var column = 0; column <= width; column++)
            {
                if (_used[column])
                {
                    _rowPotential[_rowOf[column]] += delta;
                    _columnPotential[column] -= delta;
                }
                else _slack[column] -= delta;
            }
            at = next;
        }
        while (_rowOf[at] != 0);
        for (; at != 0; at = _way[at]) _rowOf[at] = _rowOf[_way[at]];
    }

    private void Reserve(int rows, int columns)
    {
        if (_rowPotential.Length < rows) _rowPotential = new double[2 * rows];
        if (_columnPotential.Length >= columns) return;
        _columnPotential = new double[2 * columns];
        _slack = new double[2 * columns];
        _rowOf = new int[2 * columns];
        _way = new int[2 * columns];
        _used = new bool[2 * columns];
    }
}

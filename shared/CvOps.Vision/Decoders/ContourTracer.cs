namespace CvOps.Vision.Decoders;

/// <summary>
/// Finds the outer border of the largest region of a field that is above a level, by marching squares (Lorensen and Cline 1987, in the plane):
/// between two samples the border lies where the straight line through them meets the level. Samples that touch only at corners are apart. Its
/// buffers are reused.
/// </summary>
internal sealed class ContourTracer
{
    private float[] _x = new float[256], _y = new float[256];
    private float[] _bestX = new float[256], _bestY = new float[256];
    private bool[] _crossed = new bool[4096];
    private int _width, _height;
    private float _level;

    /// <summary>Corners of the last border found: columns, sample 0 at 0.</summary>
    public Span<float> X => _bestX.AsSpan(0, Count);

    /// <summary>Corners of the last border found: rows, sample 0 at 0.</summary>
    public Span<float> Y => _bestY.AsSpan(0, Count);

    /// <summary>Corners of the last border found; 0 when nothing was above the level.</summary>
    public int Count { get; private set; }

    /// <param name="field">[height, width]; around it nothing is above the level, half a sample away.</param>
    public void Trace(ReadOnlySpan<float> field, int width, int height, float level)
    {
        (_width, _height, _level, Count) = (width, height, level, 0);
        var edges = height * width;
        if (_crossed.Length < edges) _crossed = new bool[edges];
        _crossed.AsSpan(0, edges).Clear();
        var largest = 0.0;
        for (var row = 0; row < height; row++)
        {
            for (var column = 0; column < width; column++)
            {
                // Every border somewhere goes down between a sample outside on its right hand and one inside on its left.
                if (!Inside(field, column, row) || Inside(field, column - 1, row) || _crossed[row * width + column]) continue;
                var count = Follow(field, column, row);
                var area = Area(count);
                if (area <= largest) continue;
                largest = area;
                Count = count;
                (_x, _bestX, _y, _bestY) = (_bestX, _x, _bestY, _y);
            }
        }
    }

    /// <summary>Walks round a border with what is inside on the left hand; holes come out with a negative area.</summary>
    private int Follow(ReadOnlySpan<float> field, int column, int row)
    {
        // The samples on both hands of the edge just crossed, and the way ahead.
        var (leftX, leftY, rightX, rightY, aheadX, aheadY) = (column, row, column - 1, row, 0, 1);
        var count = 0;
        do
        {
            if (aheadY == 1) _crossed[leftY * _width + leftX] = true;
            Put(field, count++, leftX, leftY, rightX, rightY);
            var farLeft = Inside(field, leftX + aheadX, leftY + aheadY);
            var farRight = Inside(field, rightX + aheadX, rightY + aheadY);
            if (!farLeft)
            {
                // Turn left round the inner sample.
                (rightX, rightY) = (leftX + aheadX, leftY + aheadY);
                (aheadX, aheadY) = (aheadY, -aheadX);
            }
            else if (farRight)
            {
                // Turn right round the outer one.
                (leftX, leftY) = (rightX + aheadX, rightY + aheadY);
                (aheadX, aheadY) = (-aheadY, aheadX);
            }
            else
            {
                (leftX, leftY, rightX, rightY) = (leftX + aheadX, leftY + aheadY, rightX + aheadX, rightY + aheadY);
            }
        }
        while (leftX != column || leftY != row || rightX != column - 1 || aheadY != 1);
        return count;
    }

    private void Put(ReadOnlySpan<float> field, int at, int inX, int inY, int outX, int outY)
    {
        if (at == _x.Length)
        {
            Array.Resize(ref _x, 2 * at);
            Array.Resize(ref _y, 2 * at);
        }
        var inner = field[inY * _width + inX];
        var along = 0.5f;
        if (Within(outX, outY))
        {
            var outer = field[outY * _width + outX];
            along = (inner - _level) / (inner - outer);
        }
        _x[at] = inX + along * (outX - inX);
        _y[at] = inY + along * (outY - inY);
    }

    private double Area(int count)
    {
        var twice = 0.0;
        for (var i = 0; i < count; i++)
        {
            var next = i + 1 == count ? 0 : i + 1;
            twice += _x[next] * (double)_y[i] - _x[i] * (double)_y[next];
        }
        return twice / 2;
    }

    private bool Inside(ReadOnlySpan<float> field, int x, int y) => Within(x, y) && field[y * _width + x] > _level;

    private bool Within(int x, int y) => (uint)x < (uint)_width && (uint)y < (uint)_height;
}

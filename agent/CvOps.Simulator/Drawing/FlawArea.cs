namespace CvOps.Simulator.Drawing;

/// <summary>The pixels a mark may touch: a square of the canvas, with coordinates relative to the part's centre in units of the recipe.</summary>
internal ref struct FlawArea
{
    private readonly Canvas _canvas;
    private readonly PartRecipe _recipe;
    private readonly float _centreX, _centreY;
    private readonly int _left, _right, _bottom;
    private int _x, _y;

    public FlawArea(Canvas canvas, PartRecipe recipe, float x, float y, float reach)
    {
        (_canvas, _recipe) = (canvas, recipe);
        (_centreX, _centreY) = PartPainter.Centre(canvas, recipe);
        _left = Math.Max(0, (int)(_centreX + (x - reach) * canvas.Scale));
        _right = Math.Min(canvas.Width - 1, (int)(_centreX + (x + reach) * canvas.Scale) + 1);
        _y = Math.Max(0, (int)(_centreY + (y - reach) * canvas.Scale));
        _bottom = Math.Min(canvas.Height - 1, (int)(_centreY + (y + reach) * canvas.Scale) + 1);
        _x = _left - 1;
    }

    public readonly FlawArea GetEnumerator() => this;

    /// <summary>Metal: 1 on the face of the part, 0 on the belt and in the bore.</summary>
    public readonly (int Index, float X, float Y, float Metal) Current
    {
        get
        {
            var (x, y) = ((_x + 0.5f - _centreX) / _canvas.Scale, (_y + 0.5f - _centreY) / _canvas.Scale);
            var distance = MathF.Sqrt(x * x + y * y);
            var metal = PartPainter.Inside(_recipe.Radius - distance) * PartPainter.Inside(distance - _recipe.Product.Bore * _recipe.Radius);
            return (_y * _canvas.Width + _x, x, y, metal);
        }
    }

    public bool MoveNext()
    {
        if (++_x > _right)
        {
            _x = _left;
            _y++;
        }

        return _y <= _bottom && _x <= _right;
    }
}

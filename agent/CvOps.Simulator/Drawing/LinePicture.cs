using CvOps.Vision.PartCodes;

namespace CvOps.Simulator.Drawing;

/// <summary>Draws whole pictures of one size: belt, part, marks, part code, lens, lamp, sensor. One thread at a time.</summary>
internal sealed class LinePicture
{
    /// <summary>Least change of reflectance that counts as a mark.</summary>
    private const float VisibleStep = 0.06f;

    private readonly Canvas _canvas;
    private readonly Blur _blur;
    private readonly byte[] _code;

    /// <exception cref="ArgumentException">The size is none a line can have.</exception>
    public LinePicture(int width, int height)
    {
        _canvas = new Canvas(width, height);
        _blur = new Blur(width, height);
        Code = CodeRegion(width, height);
        _code = new byte[width * height];
    }

    /// <summary>Where the part code stands in a picture of this size: a strip along the lower edge.</summary>
    public static PartCodeRegion CodeRegion(int width, int height)
    {
        var margin = width / 40;
        var strip = Math.Max(PartCode.MinHeight, height / 15);
        return new PartCodeRegion(margin, height - strip - height / 60, width - 2 * margin, strip);
    }

    public PartCodeRegion Code { get; }

    public int Bytes => _canvas.Width * _canvas.Height * 3 / 2;

    /// <param name="i420">Filled, <see cref="Bytes"/> long.</param>
    public void Draw(PartRecipe recipe, LineCondition condition, Span<byte> i420)
    {
        PartPainter.Paint(_canvas, recipe);
        FlawPainter.Paint(_canvas, recipe);
        PrintCode(recipe.Serial);
        _blur.Apply(_canvas.Reflectance, condition.Blur);
        Camera.Expose(_canvas, recipe, condition, i420);
    }

    /// <summary>Which cells of a grid over the picture the part's defects have touched visibly, row by row.</summary>
    public bool[] Marks(PartRecipe recipe, int columns, int rows)
    {
        var marks = new bool[columns * rows];
        if (!recipe.Flaws.Any(flaw => flaw.Defect)) return marks;
        PartPainter.Paint(_canvas, recipe);
        var clean = _canvas.Reflectance.ToArray();
        FlawPainter.Paint(_canvas, recipe with { Flaws = [.. recipe.Flaws.Where(flaw => flaw.Defect)] });
        for (var i = 0; i < clean.Length; i++)
        {
            if (Math.Abs(_canvas.Reflectance[i] - clean[i]) < VisibleStep) continue;
            var (x, y) = (i % _canvas.Width, i / _canvas.Width);
            marks[y * rows / _canvas.Height * columns + x * columns / _canvas.Width] = true;
        }

        return marks;
    }

    /// <summary>The code is printed ink: lamp, lens and sensor treat it like the part.</summary>
    private void PrintCode(uint serial)
    {
        PartCode.Draw(_code, _canvas.Width, Code, serial);
        for (var y = Code.Y; y < Code.Y + Code.Height; y++)
        for (var x = Code.X; x < Code.X + Code.Width; x++)
            _canvas.Reflectance[y * _canvas.Width + x] = _code[y * _canvas.Width + x] / 255f;
    }
}

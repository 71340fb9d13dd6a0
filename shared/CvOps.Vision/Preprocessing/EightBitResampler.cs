namespace CvOps.Vision.Preprocessing;

/// <summary>
/// BGR and grey pictures, with the very numbers of OpenCV's INTER_LINEAR: 11 bits of weight, 7 bits of fraction between the steps, whole
/// pixels in the end. They are at most 0.9 of a pixel value away from exact arithmetic.
/// </summary>
internal sealed class EightBitResampler : RowResampler
{
    private readonly ResizeAxis _rows;
    private readonly ByteGather _gather;
    private readonly AlignedRow<byte>[] _pairs;
    private readonly AlignedRow<byte> _coarse;
    private readonly AlignedRow<byte> _fine;
    private readonly byte[] _grey = [];

    /// <param name="columns">Of the window.</param>
    /// <param name="window">Where in a row of <paramref name="pictureWidth"/> pixels the columns begin.</param>
    public EightBitResampler(ResizeAxis columns, ResizeAxis rows, int window, int pictureWidth, PixelFormat format, bool grey)
        : base(columns.First.Length, grey || format == PixelFormat.Grey8 ? 1 : 3)
    {
        _rows = rows;
        _pairs = [.. Enumerable.Range(0, Planes).Select(_ => new AlignedRow<byte>(2 * Width))];
        _coarse = new AlignedRow<byte>(2 * Width);
        _fine = new AlignedRow<byte>(2 * Width);
        for (var x = 0; x < Width; x++)
        {
            (_coarse.Span[2 * x], _fine.Span[2 * x]) = Split(columns.FirstWeight[x]);
            (_coarse.Span[2 * x + 1], _fine.Span[2 * x + 1]) = Split(columns.SecondWeight[x]);
        }
        if (grey && format == PixelFormat.Bgr24) _grey = new byte[pictureWidth];
        var step = Planes;
        _gather = new ByteGather(Pairs(columns, x => (window + x) * step), step, step * pictureWidth);
    }

    public override void Columns(PictureView picture, int row, AlignedRow<short>[] target)
    {
        ReadOnlySpan<byte> source;
        if (_grey.Length > 0)
        {
            PictureRows.ToGrey(picture, row, _grey);
            source = _grey;
        }
        else
        {
            var length = Planes * picture.Width;
            source = picture.Data.Slice(row * length, length);
        }
        _gather.Run(source, _pairs);
        for (var plane = 0; plane < Planes; plane++)
        {
            if (Words512.IsSupported) Blend<Words512>(_pairs[plane], target[plane]);
            else if (Words256.IsSupported) Blend<Words256>(_pairs[plane], target[plane]);
            else Blend<Words128>(_pairs[plane], target[plane]);
        }
    }

    public override (int Upper, int Lower) SourceRows(int y) => (_rows.First[y], _rows.SecondWeight[y] == 0 ? _rows.First[y] : _rows.Second[y]);

    public override void Rows(AlignedRow<short> upper, AlignedRow<short> lower, int y, ref float target, int width, float mean, float gain)
    {
        if (Words512.IsSupported) Blend<Words512>(upper, lower, y, ref target, width, mean, gain);
        else if (Words256.IsSupported) Blend<Words256>(upper, lower, y, ref target, width, mean, gain);
        else Blend<Words128>(upper, lower, y, ref target, width, mean, gain);
    }

    /// <summary>
    /// (first * weight + second * weight) >> 4 in 16 bits: a weight is 16 * coarse + fine, and what the coarse parts give is whole already.
    /// </summary>
    private void Blend<T>(AlignedRow<byte> source, AlignedRow<short> target) where T : struct, IWords<T>
    {
        ref var pairs = ref source.First;
        ref var coarse = ref _coarse.First;
        ref var fine = ref _fine.First;
        ref var into = ref target.First;
        for (var x = 0; x < Width; x += T.Count)
        {
            var pair = T.Load(in pairs, 2 * x);
            (T.MultiplyAddBytes(pair, T.Load(in coarse, 2 * x)) + (T.MultiplyAddBytes(pair, T.Load(in fine, 2 * x)) >> 4)).Store(ref into, x);
        }
    }

    private void Blend<T>(AlignedRow<short> upper, AlignedRow<short> lower, int y, ref float target, int width, float mean, float gain) where T : struct, IWords<T>
    {
        ref var above = ref upper.First;
        ref var below = ref lower.First;
        var upperWeight = T.All(_rows.FirstWeight[y]);
        // One row alone has the whole weight: the other's is 0 whatever it holds.
        var lowerWeight = T.All(_rows.SecondWeight[y]);
        var two = T.All(2);
        var lead = Lead<T>(ref target);
        for (var x = 0; x < width; x += x == 0 ? lead : T.Count)
        {
            var at = Math.Min(x, width - T.Count);
            var quarters = T.MultiplyHigh(T.Load(in above, at), upperWeight) + T.MultiplyHigh(T.Load(in below, at), lowerWeight);
            ((quarters + two) >> 2).StoreScaled(ref target, at, mean, gain);
        }
    }

    // 2048 is 127 and 16: a signed byte does not hold 128.
    private static (byte Coarse, byte Fine) Split(int weight) => weight == 2048 ? ((byte)127, (byte)16) : ((byte)(weight / 16), (byte)(weight % 16));
}

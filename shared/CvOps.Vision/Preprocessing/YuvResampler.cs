namespace CvOps.Vision.Preprocessing;

/// <summary>
/// I420 and NV12: the two samples of each column become colour first, cut to 0..255 as a converted picture would be, and are blended then.
/// Numbers keep 6 bits of fraction to the end, so blue, red and grey are within 0.1 of a pixel value of exact arithmetic on the picture with its
/// chroma repeated for the four pixels it belongs to, and green within 0.6.
/// </summary>
internal sealed class YuvResampler : RowResampler
{
    private const int White = 255 << 6;

    // Half a pixel value. ffmpeg's converter, which made the frames that detectors are trained and tested on, rounds each term down: two terms of
    // blue and red, three of green. Of that the half that green has less than the others is kept, for a tint is seen: without it NanoDet calls 2
    // of the 359 reference bottles another class, with it none, though blue and red are exact.
    private const short GreenTint = -(1 << 5);

    private readonly ResizeAxis _rows;
    private readonly bool _planar;
    private readonly ByteGather _luma;
    private readonly ByteGather? _chromaGather;
    private readonly AlignedRow<byte>[] _lumaPairs, _chromaPairs;
    private readonly AlignedRow<short> _weights;
    private readonly AlignedRow<short>[] _chroma;
    private readonly short _black, _lumaGain, _redV, _greenU, _greenV, _blueU;
    private int _chromaRow;

    /// <param name="columns">Of the window.</param>
    /// <param name="window">Where in a row of <paramref name="pictureWidth"/> pixels the columns begin.</param>
    public YuvResampler(ResizeAxis columns, ResizeAxis rows, int window, int pictureWidth, PixelFormat format, YuvColour colour, bool grey)
        : base(columns.First.Length, grey ? 1 : 3)
    {
        _rows = rows;
        _planar = format == PixelFormat.I420;
        _luma = new ByteGather(Pairs(columns, x => window + x), 1, pictureWidth);
        _lumaPairs = [new AlignedRow<byte>(2 * Width)];
        _chromaPairs = [new AlignedRow<byte>(2 * Width), new AlignedRow<byte>(2 * Width)];
        _weights = new AlignedRow<short>(Width);
        columns.SecondWeight.CopyTo(_weights.Span);
        _chroma = [.. Enumerable.Range(0, grey ? 0 : 6).Select(_ => new AlignedRow<short>(Width))];
        if (!grey)
        {
            var step = _planar ? 1 : 2;
            _chromaGather = new ByteGather(Pairs(columns, x => (window + x) / 2 * step), step, (pictureWidth + 1) / 2 * step);
        }
        // Luma comes with 7 bits of fraction and leaves with 6, chroma comes with 8: MultiplyRounded takes 15 off.
        var coefficients = YuvCoefficients.Of(colour);
        _black = (short)(coefficients.Black << 7);
        _lumaGain = (short)Math.Round(coefficients.Luma * (1 << 14));
        _redV = (short)Math.Round(coefficients.RedV * (1 << 13));
        _greenU = (short)Math.Round(coefficients.GreenU * (1 << 13));
        _greenV = (short)Math.Round(coefficients.GreenV * (1 << 13));
        _blueU = (short)Math.Round(coefficients.BlueU * (1 << 13));
    }

    public override void Begin() => _chromaRow = -1;

    public override void Columns(PictureView picture, int row, AlignedRow<short>[] target)
    {
        _luma.Run(picture.Data.Slice(row * picture.Width, picture.Width), _lumaPairs);
        if (Planes == 3 && row / 2 != _chromaRow) Chroma(picture, _chromaRow = row / 2);
        if (Words512.IsSupported) Blend<Words512>(target);
        else if (Words256.IsSupported) Blend<Words256>(target);
        else Blend<Words128>(target);
    }

    public override (int Upper, int Lower) SourceRows(int y) => (_rows.First[y], _rows.SecondWeight[y] == 0 ? _rows.First[y] : _rows.Second[y]);

    public override void Rows(AlignedRow<short> upper, AlignedRow<short> lower, int y, ref float target, int width, float mean, float gain)
    {
        if (Words512.IsSupported) Blend<Words512>(upper, lower, y, ref target, width, mean * 64, gain / 64);
        else if (Words256.IsSupported) Blend<Words256>(upper, lower, y, ref target, width, mean * 64, gain / 64);
        else Blend<Words128>(upper, lower, y, ref target, width, mean * 64, gain / 64);
    }

    private void Chroma(PictureView picture, int row)
    {
        var chroma = picture.Data[(picture.Width * picture.Height)..];
        var (width, height) = (picture.ChromaWidth, picture.ChromaHeight);
        if (_planar)
        {
            _chromaGather!.Run(chroma.Slice(row * width, width), _chromaPairs.AsSpan(0, 1));
            _chromaGather.Run(chroma.Slice((height + row) * width, width), _chromaPairs.AsSpan(1, 1));
        }
        else _chromaGather!.Run(chroma.Slice(2 * row * width, 2 * width), _chromaPairs);
        if (Words512.IsSupported) Chroma<Words512>();
        else if (Words256.IsSupported) Chroma<Words256>();
        else Chroma<Words128>();
    }

    /// <summary>What chroma adds to blue, green and red, of the first samples and of the second.</summary>
    private void Chroma<T>() where T : struct, IWords<T>
    {
        ref var uPairs = ref _chromaPairs[0].First;
        ref var vPairs = ref _chromaPairs[1].First;
        var (blueU, greenU, greenV, redV) = (T.All(_blueU), T.All(_greenU), T.All(_greenV), T.All(_redV));
        var (sign, high, tint) = (T.All(short.MinValue), T.All(unchecked((short)0xFF00)), T.All(GreenTint));
        for (var x = 0; x < Width; x += T.Count)
        {
            var us = T.Load(in uPairs, 2 * x);
            var vs = T.Load(in vPairs, 2 * x);
            for (var sample = 0; sample < 6; sample += 3)
            {
                // A byte in the upper half of a lane with its sign turned is (byte - 128) << 8.
                var u = (sample == 0 ? us << 8 : us & high) ^ sign;
                var v = (sample == 0 ? vs << 8 : vs & high) ^ sign;
                T.MultiplyRounded(u, blueU).Store(ref _chroma[sample].First, x);
                (T.MultiplyRounded(u, greenU) + T.MultiplyRounded(v, greenV) + tint).Store(ref _chroma[sample + 1].First, x);
                T.MultiplyRounded(v, redV).Store(ref _chroma[sample + 2].First, x);
            }
        }
    }

    private void Blend<T>(AlignedRow<short>[] target) where T : struct, IWords<T>
    {
        ref var pairs = ref _lumaPairs[0].First;
        ref var weights = ref _weights.First;
        var (black, gain, white) = (T.All(_black), T.All(_lumaGain), T.All(White));
        var (zero, mask) = (T.All(0), T.All(0x7F80));
        if (Planes == 1)
        {
            ref var grey = ref target[0].First;
            for (var x = 0; x < Width; x += T.Count)
            {
                var pair = T.Load(in pairs, 2 * x);
                var first = T.Clamp(T.MultiplyRounded(((pair << 7) & mask) - black, gain), zero, white);
                var second = T.Clamp(T.MultiplyRounded(((pair >> 1) & mask) - black, gain), zero, white);
                (first + T.MultiplyRounded(second - first, T.Load(in weights, x))).Store(ref grey, x);
            }
            return;
        }
        ref var blue = ref target[0].First;
        ref var green = ref target[1].First;
        ref var red = ref target[2].First;
        ref var firstBlue = ref _chroma[0].First;
        ref var firstGreen = ref _chroma[1].First;
        ref var firstRed = ref _chroma[2].First;
        ref var secondBlue = ref _chroma[3].First;
        ref var secondGreen = ref _chroma[4].First;
        ref var secondRed = ref _chroma[5].First;
        for (var x = 0; x < Width; x += T.Count)
        {
            var pair = T.Load(in pairs, 2 * x);
            var first = T.MultiplyRounded(((pair << 7) & mask) - black, gain);
            var second = T.MultiplyRounded(((pair >> 1) & mask) - black, gain);
            var weight = T.Load(in weights, x);
            var a = T.Clamp(T.AddSaturate(first, T.Load(in firstBlue, x)), zero, white);
            var b = T.Clamp(T.AddSaturate(second, T.Load(in secondBlue, x)), zero, white);
            (a + T.MultiplyRounded(b - a, weight)).Store(ref blue, x);
            a = T.Clamp(T.AddSaturate(first, T.Load(in firstGreen, x)), zero, white);
            b = T.Clamp(T.AddSaturate(second, T.Load(in secondGreen, x)), zero, white);
            (a + T.MultiplyRounded(b - a, weight)).Store(ref green, x);
            a = T.Clamp(T.AddSaturate(first, T.Load(in firstRed, x)), zero, white);
            b = T.Clamp(T.AddSaturate(second, T.Load(in secondRed, x)), zero, white);
            (a + T.MultiplyRounded(b - a, weight)).Store(ref red, x);
        }
    }

    private void Blend<T>(AlignedRow<short> upper, AlignedRow<short> lower, int y, ref float target, int width, float mean, float gain) where T : struct, IWords<T>
    {
        ref var above = ref upper.First;
        ref var below = ref lower.First;
        var weight = T.All(_rows.SecondWeight[y]);
        var lead = Lead<T>(ref target);
        for (var x = 0; x < width; x += x == 0 ? lead : T.Count)
        {
            var at = Math.Min(x, width - T.Count);
            var first = T.Load(in above, at);
            (first + T.MultiplyRounded(T.Load(in below, at) - first, weight)).StoreScaled(ref target, at, mean, gain);
        }
    }
}

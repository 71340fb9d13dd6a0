using System.Runtime.InteropServices;

namespace CvOps.Vision.Preprocessing;

/// <summary>Sums of Cb and Cr as they lie in the picture, in whole numbers; of BGR every few pixels, converted.</summary>
internal struct ChromaMoments
{
    // B,G,R pixels are converted one by one: about so many of a row.
    private const int PixelsOfRow = 128;

    private long _count;
    private long _blue;
    private long _red;
    private long _squares;

    /// <summary>Adds the chroma of a row of pixels.</summary>
    public void Add(PictureView picture, int y)
    {
        var width = picture.ChromaWidth;
        var chroma = picture.Format is PixelFormat.I420 or PixelFormat.Nv12 ? picture.Data[(picture.Width * picture.Height)..] : [];
        switch (picture.Format)
        {
            case PixelFormat.I420:
                AddPlanes(chroma.Slice(width * (y / 2), width), chroma.Slice(width * picture.ChromaHeight + width * (y / 2), width));
                break;
            case PixelFormat.Nv12:
                AddPairs(chroma.Slice(2 * width * (y / 2), 2 * width));
                break;
            case PixelFormat.Bgr24:
                AddBgr(picture.Data.Slice(3 * picture.Width * y, 3 * picture.Width));
                break;
            default:
                AddOne(128, 128);
                break;
        }
    }

    public readonly double BlueCast(bool limited) => (_blue / (double)_count - 128) * Gain(limited);

    public readonly double RedCast(bool limited) => (_red / (double)_count - 128) * Gain(limited);

    /// <summary>sqrt(mean((Cb - 128)^2 + (Cr - 128)^2)).</summary>
    public readonly double Saturation(bool limited) =>
        Math.Sqrt(Math.Max(0, (_squares - 256.0 * (_blue + _red)) / _count + 2 * 128 * 128)) * Gain(limited);

    private static double Gain(bool limited) => limited ? 255.0 / 224 : 1;

    private void AddPlanes(ReadOnlySpan<byte> blue, ReadOnlySpan<byte> red)
    {
        var x = 0;
        if (Words256.IsSupported) x = AddPlanes<Words256>(blue, red, x);
        x = AddPlanes<Words128>(blue, red, x);
        for (; x < blue.Length; x++) AddOne(blue[x], red[x]);
    }

    private void AddPairs(ReadOnlySpan<byte> pairs)
    {
        var x = 0;
        if (Words256.IsSupported) x = AddPairs<Words256>(pairs, x);
        x = AddPairs<Words128>(pairs, x);
        for (; x < pairs.Length; x += 2) AddOne(pairs[x], pairs[x + 1]);
    }

    private int AddPlanes<T>(ReadOnlySpan<byte> blue, ReadOnlySpan<byte> red, int x) where T : struct, IWords<T>
    {
        ref var u = ref MemoryMarshal.GetReference(blue);
        ref var v = ref MemoryMarshal.GetReference(red);
        var sums = default(Sums<T>);
        for (; x + T.Count <= blue.Length; x += T.Count) sums.Add(T.Widen(in u, x), T.Widen(in v, x), ref this);
        sums.Empty(ref this);
        return x;
    }

    private int AddPairs<T>(ReadOnlySpan<byte> pairs, int x) where T : struct, IWords<T>
    {
        ref var start = ref MemoryMarshal.GetReference(pairs);
        var low = T.All(0xff);
        var sums = default(Sums<T>);
        for (; x + 2 * T.Count <= pairs.Length; x += 2 * T.Count)
        {
            var both = T.Load(in start, x);
            sums.Add(both & low, (both >> 8) & low, ref this);
        }
        sums.Empty(ref this);
        return x;
    }

    private void AddBgr(ReadOnlySpan<byte> row)
    {
        var step = 3 * Math.Max(1, row.Length / 3 / PixelsOfRow);
        for (var at = 0; at + 2 < row.Length; at += step)
        {
            // BT.601 full range, as JPEG has it, 16 fraction bits.
            int b = row[at], g = row[at + 1], r = row[at + 2];
            AddOne(128 + ((-11059 * r - 21709 * g + 32768 * b + 32768) >> 16), 128 + ((32768 * r - 27439 * g - 5329 * b + 32768) >> 16));
        }
    }

    private void AddOne(int blue, int red)
    {
        _count++;
        _blue += blue;
        _red += red;
        _squares += blue * blue + red * red;
    }

    /// <summary>Sums in registers, emptied before one can run over.</summary>
    private struct Sums<T> where T : struct, IWords<T>
    {
        // Four squares of up to 255 go into a sum of 31 bits eight thousand times.
        private const int Most = 8000;

        private T _blue;
        private T _red;
        private T _squares;
        private int _added;

        public void Add(T blue, T red, ref ChromaMoments into)
        {
            var one = T.All(1);
            _blue = T.AddProducts(_blue, blue, one);
            _red = T.AddProducts(_red, red, one);
            _squares = T.AddProducts(T.AddProducts(_squares, blue, blue), red, red);
            if (++_added == Most) Empty(ref into);
        }

        public void Empty(ref ChromaMoments into)
        {
            into._count += (long)_added * T.Count;
            into._blue += T.Total(_blue);
            into._red += T.Total(_red);
            into._squares += T.Total(_squares);
            this = default;
        }
    }
}

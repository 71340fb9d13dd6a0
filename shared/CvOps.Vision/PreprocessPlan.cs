using System.Runtime.Intrinsics;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision;

/// <summary>
/// The way from one size and format of picture to the tensor of one model: colour, resize, padding, normalisation and layout in one pass over
/// the picture's rows, with tables made once. Holds scratch rows, so one plan serves one thread at a time; <see cref="Fill"/> allocates nothing.
/// </summary>
public sealed class PreprocessPlan
{
    private readonly InputSpec _spec;
    private readonly PixelFormat _format;
    private readonly ResizeGeometry _geometry;
    private readonly ResizeAxis _columns;
    private readonly ResizeAxis _rows;
    private readonly int _left, _top, _width, _height;
    private readonly bool _grey;
    private readonly float[] _mean = new float[3];
    private readonly float[] _std = new float[3];
    private readonly byte[] _pixels;
    private int[] _upper, _lower;

    private PreprocessPlan(InputSpec spec, int width, int height, PixelFormat format)
    {
        if (spec.Mean.Count != 3 || spec.Std.Count != 3) throw new ModelException($"The manifest's mean and std have {spec.Mean.Count} and {spec.Std.Count} numbers; both need three, in channel order.");
        for (var c = 0; c < 3; c++)
        {
            _mean[c] = (float)spec.Mean[c];
            _std[c] = (float)spec.Std[c];
            if (!float.IsFinite(_mean[c]) || !float.IsFinite(_std[c]) || _std[c] == 0) throw new ModelException($"The manifest's mean {spec.Mean[c]} and std {spec.Std[c]} must be finite and std not 0.");
        }
        _ = PictureView.SizeOf(width, height, format);
        _spec = spec;
        _format = format;
        _geometry = ResizeGeometry.Of(spec, width, height);
        _left = Math.Max(0, _geometry.OffsetX);
        _top = Math.Max(0, _geometry.OffsetY);
        _width = Math.Min(spec.Width, _geometry.OffsetX + _geometry.Width) - _left;
        _height = Math.Min(spec.Height, _geometry.OffsetY + _geometry.Height) - _top;
        _columns = new ResizeAxis(width, _geometry.Width, _left - _geometry.OffsetX, _width, keepEdgeWeights: false);
        _rows = new ResizeAxis(height, _geometry.Height, _top - _geometry.OffsetY, _height, keepEdgeWeights: true);
        _grey = spec.Channels == ChannelOrder.Grey;
        var channels = _grey ? 1 : 3;
        _pixels = new byte[channels * width];
        _upper = new int[channels * _width];
        _lower = new int[channels * _width];
    }

    /// <summary>Makes the tables.</summary>
    /// <exception cref="ModelException">The spec's size, mean or std can't be used.</exception>
    public static PreprocessPlan Create(InputSpec spec, int width, int height, PixelFormat format) => new(spec, width, height, format);

    /// <summary>The plan that leaves boxes in the pixels of the tensor, for outputs that no picture stands behind.</summary>
    public static PreprocessPlan Identity(InputSpec spec) => new(spec with { Resize = ResizeMode.Stretch }, spec.Width, spec.Height, PixelFormat.Grey8);

    public int Width => _geometry.PictureWidth;

    public int Height => _geometry.PictureHeight;

    public PixelFormat Format => _format;

    /// <summary>True when the picture has the size and format this plan was made for.</summary>
    public bool Fits(PictureView picture) => picture.Width == Width && picture.Height == Height && picture.Format == _format;

    /// <summary>Writes the whole tensor, padding included.</summary>
    /// <param name="tensor">[1, 3 or 1, height, width], or [1, height, width, 3 or 1] for NHWC; one channel only for grey models.</param>
    /// <exception cref="ArgumentException">The picture is not the plan's, or the tensor has neither length.</exception>
    public void Fill(PictureView picture, Span<float> tensor)
    {
        if (!Fits(picture)) throw new ArgumentException($"The plan is for {Width}x{Height} {_format}; the picture is {picture.Width}x{picture.Height} {picture.Format}.", nameof(picture));
        var plane = _spec.Width * _spec.Height;
        var channels = tensor.Length / plane;
        if (tensor.Length != channels * plane || (channels != 3 && !(channels == 1 && _grey)))
            throw new ArgumentException($"The tensor holds {tensor.Length} numbers; {_spec.Width}x{_spec.Height} {_spec.Channels} takes {3 * plane}{(_grey ? $" or {plane}" : "")}.", nameof(tensor));
        if (_width < _spec.Width || _height < _spec.Height) Pad(tensor, channels);

        var upperRow = -1;
        var lowerRow = -1;
        for (var y = 0; y < _height; y++)
        {
            var first = _rows.First[y];
            var second = _rows.Second[y];
            if (first == lowerRow)
            {
                (_upper, _lower) = (_lower, _upper);
                (upperRow, lowerRow) = (lowerRow, upperRow);
            }
            if (first != upperRow) Stretch(picture, upperRow = first, _upper);
            if (second != lowerRow) Stretch(picture, lowerRow = second, _lower);
            for (var channel = 0; channel < channels; channel++) Write(tensor, channel, channels, y);
        }
    }

    /// <summary>A box in tensor pixels as one in picture pixels, clipped to the picture.</summary>
    public Detection ToPicture(in Detection inTensorPixels) => _geometry.ToPicture(inTensorPixels);

    /// <summary>One source row, horizontally resized, 11 fraction bits: planes of B, G, R, or grey alone.</summary>
    private void Stretch(PictureView picture, int row, int[] target)
    {
        var width = picture.Width;
        if (_grey) PictureRows.ToGrey(picture, row, _pixels);
        else PictureRows.ToBgrPlanes(picture, row, _pixels);
        var first = _columns.First.AsSpan();
        var second = _columns.Second.AsSpan(0, first.Length);
        var firstWeight = _columns.FirstWeight.AsSpan(0, first.Length);
        var secondWeight = _columns.SecondWeight.AsSpan(0, first.Length);
        for (var plane = 0; plane * width < _pixels.Length; plane++)
        {
            var source = _pixels.AsSpan(plane * width, width);
            var into = target.AsSpan(plane * _width, first.Length);
            for (var x = 0; x < first.Length; x++) into[x] = source[first[x]] * firstWeight[x] + source[second[x]] * secondWeight[x];
        }
    }

    private void Write(Span<float> tensor, int channel, int channels, int y)
    {
        var plane = (_grey ? 0 : _spec.Channels == ChannelOrder.Rgb ? 2 - channel : channel) * _width;
        var upper = _upper.AsSpan(plane, _width);
        var lower = _lower.AsSpan(plane, _width);
        int upperWeight = _rows.FirstWeight[y];
        int lowerWeight = _rows.SecondWeight[y];
        var mean = _mean[channel];
        var std = _std[channel];
        var at = (_top + y) * _spec.Width + _left;
        if (_spec.Layout == TensorLayout.Nhwc)
        {
            for (var x = 0; x < _width; x++) tensor[(at + x) * channels + channel] = (Blend(upper[x], lower[x], upperWeight, lowerWeight) - mean) / std;
            return;
        }
        var target = tensor.Slice(channel * _spec.Width * _spec.Height + at, _width);
        var done = 0;
        for (; done + Vector256<int>.Count <= _width; done += Vector256<int>.Count)
        {
            var a = Vector256.Create<int>(upper[done..]) >> 4;
            var b = Vector256.Create<int>(lower[done..]) >> 4;
            var value = (((a * upperWeight) >> 16) + ((b * lowerWeight) >> 16) + Vector256.Create(2)) >> 2;
            ((Vector256.ConvertToSingle(value) - Vector256.Create(mean)) / Vector256.Create(std)).CopyTo(target[done..]);
        }
        for (; done < _width; done++) target[done] = (Blend(upper[done], lower[done], upperWeight, lowerWeight) - mean) / std;
    }

    private static int Blend(int upper, int lower, int upperWeight, int lowerWeight) =>
        ((((upper >> 4) * upperWeight) >> 16) + (((lower >> 4) * lowerWeight) >> 16) + 2) >> 2;

    private void Pad(Span<float> tensor, int channels)
    {
        var plane = _spec.Width * _spec.Height;
        for (var channel = 0; channel < channels; channel++)
        {
            var value = ((float)_spec.Pad - _mean[channel]) / _std[channel];
            if (_spec.Layout == TensorLayout.Nchw) tensor.Slice(channel * plane, plane).Fill(value);
            else for (var i = channel; i < tensor.Length; i += channels) tensor[i] = value;
        }
    }
}

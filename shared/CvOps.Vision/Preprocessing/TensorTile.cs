using System.Runtime.InteropServices;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Preprocessing;

/// <summary>The tables of one window of a picture, and the pass over its rows.</summary>
internal sealed class TensorTile
{
    // Kernels write whole registers, of 32 numbers at the widest.
    private const int Register = 32;

    private readonly InputSpec _spec;
    private readonly RowResampler _resampler;
    private readonly TensorRows _rows;
    private readonly RoiMask? _mask;
    private readonly int _left, _top, _width, _height;
    private readonly float[] _mean = new float[3];
    private readonly float[] _gain = new float[3];
    private readonly float[] _pad = new float[3];
    private AlignedRow<short>[] _upper, _lower;

    public TensorTile(InputSpec spec, ResizeGeometry geometry, int pictureWidth, int pictureHeight, PixelFormat format, YuvColour colour)
    {
        _spec = spec;
        Geometry = geometry;
        _left = Math.Max(0, geometry.OffsetX);
        _top = Math.Max(0, geometry.OffsetY);
        _width = Math.Min(spec.Width, geometry.OffsetX + geometry.Width) - _left;
        _height = Math.Min(spec.Height, geometry.OffsetY + geometry.Height) - _top;
        for (var channel = 0; channel < 3; channel++)
        {
            _mean[channel] = (float)spec.Mean[channel];
            _gain[channel] = 1 / (float)spec.Std[channel];
            _pad[channel] = ((float)spec.Pad - _mean[channel]) * _gain[channel];
        }
        var grey = spec.Channels == ChannelOrder.Grey;
        var (window, firstColumn, firstRow) = (geometry.Window, _left - geometry.OffsetX, _top - geometry.OffsetY);
        _resampler = format is PixelFormat.I420 or PixelFormat.Nv12
            ? new YuvResampler(ResizeAxis.Exact(window.Width, geometry.Width, firstColumn, _width), ResizeAxis.Exact(window.Height, geometry.Height, firstRow, _height), window.X, pictureWidth, format, colour, grey)
            : new EightBitResampler(ResizeAxis.OpenCv(window.Width, geometry.Width, firstColumn, _width, keepEdgeWeights: false), ResizeAxis.OpenCv(window.Height, geometry.Height, firstRow, _height, keepEdgeWeights: true), window.X, pictureWidth, format, grey);
        _upper = [.. Enumerable.Range(0, _resampler.Planes).Select(_ => new AlignedRow<short>(_width))];
        _lower = [.. Enumerable.Range(0, _resampler.Planes).Select(_ => new AlignedRow<short>(_width))];
        _rows = new TensorRows(spec);
        if (spec.Roi is { } roi) _mask = new RoiMask(roi, geometry, pictureWidth, pictureHeight, spec.Width, spec.Height);
    }

    public ResizeGeometry Geometry { get; }

    /// <param name="tensor">The tile's whole tensor, of <paramref name="channels"/> channels.</param>
    public void Fill(PictureView picture, Span<byte> tensor, int channels)
    {
        PadRows(tensor, channels, 0, _top);
        PadRows(tensor, channels, _top + _height, _spec.Height);
        _resampler.Begin();
        var (upperRow, lowerRow) = (-1, -1);
        for (var y = 0; y < _height; y++)
        {
            var (upper, lower) = _resampler.SourceRows(y);
            if (upper == lowerRow && upper != upperRow)
            {
                (_upper, _lower) = (_lower, _upper);
                (upperRow, lowerRow) = (lowerRow, upperRow);
            }
            if (upper != upperRow) _resampler.Columns(picture, Geometry.Window.Y + (upperRow = upper), _upper);
            if (lower != upper && lower != lowerRow) _resampler.Columns(picture, Geometry.Window.Y + (lowerRow = lower), _lower);
            Write(tensor, channels, y, lower == upper ? _upper : _lower);
        }
    }

    private void Write(Span<byte> tensor, int channels, int y, AlignedRow<short>[] lower)
    {
        var row = _top + y;
        var plane = _spec.Width * _spec.Height;
        // Straight into the tensor where no register would run over the picture's edge into what is written already.
        var direct = _rows.IsPlain && _width >= Register;
        for (var channel = 0; channel < channels; channel++)
        {
            var target = direct ? MemoryMarshal.Cast<byte, float>(tensor).Slice(channel * plane + row * _spec.Width, _spec.Width) : _rows.Channel(channel).Span;
            var source = _resampler.Planes == 1 ? 0 : _spec.Channels == ChannelOrder.Rgb ? 2 - channel : channel;
            ref var first = ref direct ? ref target[_left] : ref _rows.Channel(channel).Span[_left];
            _resampler.Rows(_upper[source], lower[source], y, ref first, Math.Max(_width, Register), _mean[channel], _gain[channel]);
            target[.._left].Fill(_pad[channel]);
            target[(_left + _width)..].Fill(_pad[channel]);
            if (_mask is null) continue;
            foreach (var run in _mask.Outside(row)) target[run].Fill(_pad[channel]);
        }
        if (!direct) _rows.Store(tensor, channels, row);
    }

    private void PadRows(Span<byte> tensor, int channels, int from, int to)
    {
        if (from == to) return;
        if (_rows.IsPlain)
        {
            var floats = MemoryMarshal.Cast<byte, float>(tensor);
            for (var channel = 0; channel < channels; channel++) TensorRows.Fill(floats.Slice((channel * _spec.Height + from) * _spec.Width, (to - from) * _spec.Width), _pad[channel]);
            return;
        }
        for (var channel = 0; channel < channels; channel++) _rows.Channel(channel).Span.Fill(_pad[channel]);
        for (var row = from; row < to; row++) _rows.Store(tensor, channels, row);
    }
}

using System.Runtime.InteropServices;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Preprocessing;

/// <summary>The tables of one window of a picture, and the pass over its rows.</summary>
internal sealed class TensorTile
{
    private readonly InputSpec _spec;
    private readonly ResizeAxis _columns;
    private readonly ResizeAxis _rows;
    private readonly int _left, _top, _width, _height, _pictureWidth;
    private readonly bool _grey;
    private readonly float[] _mean = new float[3];
    private readonly float[] _std = new float[3];
    private readonly byte[] _pixels;
    private readonly float[] _tensor;
    private readonly bool[]? _outside;
    private int[] _upper, _lower;

    public TensorTile(InputSpec spec, ResizeGeometry geometry, int pictureWidth, int pictureHeight)
    {
        for (var c = 0; c < 3; c++)
        {
            _mean[c] = (float)spec.Mean[c];
            _std[c] = (float)spec.Std[c];
        }
        _spec = spec;
        Geometry = geometry;
        _pictureWidth = pictureWidth;
        _left = Math.Max(0, geometry.OffsetX);
        _top = Math.Max(0, geometry.OffsetY);
        _width = Math.Min(spec.Width, geometry.OffsetX + geometry.Width) - _left;
        _height = Math.Min(spec.Height, geometry.OffsetY + geometry.Height) - _top;
        _columns = new ResizeAxis(geometry.Window.Width, geometry.Width, _left - geometry.OffsetX, _width, keepEdgeWeights: false);
        _rows = new ResizeAxis(geometry.Window.Height, geometry.Height, _top - geometry.OffsetY, _height, keepEdgeWeights: true);
        _grey = spec.Channels == ChannelOrder.Grey;
        var channels = _grey ? 1 : 3;
        _pixels = new byte[channels * pictureWidth];
        _upper = new int[channels * _width];
        _lower = new int[channels * _width];
        _tensor = new float[3 * spec.Width * spec.Height];
        if (spec.Roi is { } roi) _outside = Outside(roi, pictureWidth, pictureHeight);
    }

    public ResizeGeometry Geometry { get; }

    public void Fill(PictureView picture, Span<byte> tensor, int channels)
    {
        var floats = _tensor.AsSpan(0, channels * _spec.Width * _spec.Height);
        for (var channel = 0; channel < channels; channel++) Pad(floats, channel, channels);
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
            for (var channel = 0; channel < channels; channel++) Write(floats, channel, channels, y);
        }
        Store(floats, tensor);
    }

    private void Store(ReadOnlySpan<float> floats, Span<byte> tensor)
    {
        switch (_spec.ElementType)
        {
            case ElementType.Float32:
                MemoryMarshal.AsBytes(floats).CopyTo(tensor);
                break;
            case ElementType.Float16:
                System.Numerics.Tensors.TensorPrimitives.ConvertToHalf(floats, MemoryMarshal.Cast<byte, Half>(tensor));
                break;
            default:
                for (var i = 0; i < floats.Length; i++) tensor[i] = (byte)Math.Clamp(MathF.Round(floats[i]), 0, 255);
                break;
        }
    }

    private void Stretch(PictureView picture, int row, int[] target)
    {
        row += Geometry.Window.Y;
        if (_grey) PictureRows.ToGrey(picture, row, _pixels);
        else PictureRows.ToBgrPlanes(picture, row, _pixels);
        for (var plane = 0; plane * _pictureWidth < _pixels.Length; plane++)
        {
            var source = _pixels.AsSpan(plane * _pictureWidth + Geometry.Window.X, Geometry.Window.Width);
            var into = target.AsSpan(plane * _width, _width);
            for (var x = 0; x < _width; x++) into[x] = source[_columns.First[x]] * _columns.FirstWeight[x] + source[_columns.Second[x]] * _columns.SecondWeight[x];
        }
    }

    private void Write(Span<float> tensor, int channel, int channels, int y)
    {
        var plane = (_grey ? 0 : _spec.Channels == ChannelOrder.Rgb ? 2 - channel : channel) * _width;
        for (var x = 0; x < _width; x++)
        {
            var at = (_top + y) * _spec.Width + _left + x;
            if (_outside is not null && _outside[at]) continue;
            var value = ((((_upper[plane + x] >> 4) * _rows.FirstWeight[y]) >> 16) + (((_lower[plane + x] >> 4) * _rows.SecondWeight[y]) >> 16) + 2) >> 2;
            tensor[Index(at, channel, channels)] = (value - _mean[channel]) / _std[channel];
        }
    }

    private void Pad(Span<float> tensor, int channel, int channels)
    {
        var value = ((float)_spec.Pad - _mean[channel]) / _std[channel];
        for (var at = 0; at < _spec.Width * _spec.Height; at++) tensor[Index(at, channel, channels)] = value;
    }

    private int Index(int at, int channel, int channels) => _spec.Layout == TensorLayout.Nhwc ? at * channels + channel : channel * _spec.Width * _spec.Height + at;

    private bool[] Outside(IReadOnlyList<PicturePoint> roi, int pictureWidth, int pictureHeight)
    {
        var outside = new bool[_spec.Width * _spec.Height];
        for (var at = 0; at < outside.Length; at++)
        {
            var x = Geometry.ToPictureX(at % _spec.Width + 0.5) / pictureWidth;
            var y = Geometry.ToPictureY(at / _spec.Width + 0.5) / pictureHeight;
            var inside = false;
            for (var i = 0; i < roi.Count; i++)
            {
                var (a, b) = (roi[i], roi[(i + 1) % roi.Count]);
                if ((a.Y > y) != (b.Y > y) && x < a.X + (y - a.Y) / (b.Y - a.Y) * (b.X - a.X)) inside = !inside;
            }
            outside[at] = !inside;
        }
        return outside;
    }
}

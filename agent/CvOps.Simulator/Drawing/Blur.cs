namespace CvOps.Simulator.Drawing;

/// <summary>Gaussian blur of a plane, rows then columns; pixels beyond the edge repeat it.</summary>
internal sealed class Blur(int width, int height)
{
    private readonly float[] _buffer = new float[width * height];

    /// <param name="sigma">Standard deviation in pixels; below a tenth of a pixel nothing happens.</param>
    public void Apply(float[] plane, double sigma)
    {
        if (sigma < 0.1) return;
        var reach = (int)Math.Ceiling(3 * sigma);
        Span<float> kernel = stackalloc float[reach + 1];
        var sum = 0f;
        for (var i = 0; i <= reach; i++)
        {
            kernel[i] = (float)Math.Exp(-i * i / (2 * sigma * sigma));
            sum += i == 0 ? kernel[i] : 2 * kernel[i];
        }

        for (var i = 0; i <= reach; i++) kernel[i] /= sum;
        for (var y = 0; y < height; y++)
        for (var x = 0; x < width; x++)
        {
            var value = kernel[0] * plane[y * width + x];
            for (var i = 1; i <= reach; i++) value += kernel[i] * (plane[y * width + Math.Max(0, x - i)] + plane[y * width + Math.Min(width - 1, x + i)]);
            _buffer[y * width + x] = value;
        }

        for (var y = 0; y < height; y++)
        for (var x = 0; x < width; x++)
        {
            var value = kernel[0] * _buffer[y * width + x];
            for (var i = 1; i <= reach; i++) value += kernel[i] * (_buffer[Math.Max(0, y - i) * width + x] + _buffer[Math.Min(height - 1, y + i) * width + x]);
            plane[y * width + x] = value;
        }
    }
}

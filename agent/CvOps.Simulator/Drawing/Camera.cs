namespace CvOps.Simulator.Drawing;

/// <summary>What stands between the scene and the picture: an ageing lamp, a lens that loses focus, a sensor that adds noise.</summary>
internal static class Camera
{
    private const float ReadNoise = 0.007f;
    private const float ShotNoise = 0.00018f;

    /// <summary>Exposes the canvas.</summary>
    /// <param name="condition">Lamp and blur at this moment.</param>
    /// <param name="i420">Filled: a plane of luma, then U and V, limited range.</param>
    public static void Expose(Canvas canvas, PartRecipe recipe, LineCondition condition, Span<byte> i420)
    {
        var luma = i420[..(canvas.Width * canvas.Height)];
        var noise = new PartRandom(recipe.Grain + 3);
        var lamp = (float)condition.Lamp;
        var index = 0;
        for (var y = 0; y < canvas.Height; y++)
        for (var x = 0; x < canvas.Width; x++, index++)
        {
            // An ageing lamp darkens from one end of its tube.
            var light = lamp * (1 - 0.25f * (1 - lamp) * x / canvas.Width);
            var signal = Math.Max(0, canvas.Reflectance[index]) * light;
            // Sum of four uniform bytes: near enough to a Gaussian, standard deviation 147.8.
            var draw = noise.Next();
            var gauss = ((draw & 255) + (draw >> 8 & 255) + (draw >> 16 & 255) + (draw >> 24 & 255) - 510f) / 147.8f;
            signal += gauss * MathF.Sqrt(ReadNoise * ReadNoise + ShotNoise * signal);
            luma[index] = (byte)Math.Clamp(16.5f + 219 * signal, 16, 235);
        }

        var chroma = i420[luma.Length..];
        var half = canvas.TintU.Length;
        // With age the lamp turns warmer.
        var warmth = 7 * (1 - lamp);
        for (var i = 0; i < half; i++)
        {
            chroma[i] = (byte)Math.Clamp(128.5f + (canvas.TintU[i] - warmth) * lamp, 16, 240);
            chroma[half + i] = (byte)Math.Clamp(128.5f + (canvas.TintV[i] + warmth) * lamp, 16, 240);
        }
    }
}

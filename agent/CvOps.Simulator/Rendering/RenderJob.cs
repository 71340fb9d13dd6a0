using System.Globalization;
using System.Text;
using CvOps.Simulator.Drawing;
using CvOps.Simulator.Video;
using CvOps.Vision;

namespace CvOps.Simulator.Rendering;

/// <summary>What to render: still pictures of consecutive parts with their truth.</summary>
internal sealed record RenderOptions(
    int Count, ulong Seed, string Line, uint FirstSerial, int Width, int Height, LineCondition Condition, float DefectShare,
    string Folder, bool Video, string Ffmpeg, int Quality = 92);

/// <summary>Writes <c>SERIAL.jpg</c> and <c>labels.csv</c> (serial,class,file,lamp,blur,product,marks) by the drawing the live line uses.</summary>
internal static class RenderJob
{
    /// <summary>Frames a second of the round trip; only the distance of key frames depends on it.</summary>
    private const int FramesPerSecond = 5;

    /// <exception cref="SimulatorException">The folder can't be written, or ffmpeg failed.</exception>
    public static async Task RunAsync(RenderOptions options, CancellationToken cancel)
    {
        try
        {
            Directory.CreateDirectory(options.Folder);
            var labels = new StringBuilder("serial,class,file,lamp,blur,product,marks\n");
            var grid = new LinePicture(options.Width, options.Height);
            var pictures = options.Video ? ThroughVideoAsync(options, cancel) : DrawnAsync(options);
            await foreach (var (recipe, picture) in pictures.WithCancellation(cancel))
            {
                var file = string.Create(CultureInfo.InvariantCulture, $"{recipe.Serial:d7}.jpg");
                await File.WriteAllBytesAsync(Path.Combine(options.Folder, file), JpegCodec.Encode(new PictureView(picture, options.Width, options.Height, PixelFormat.I420), options.Quality), cancel);
                labels.Append(CultureInfo.InvariantCulture, $"{recipe.Serial},{recipe.Class},{file},{options.Condition.Lamp},{options.Condition.Blur},{recipe.Product.Name},{Marks(grid, recipe)}\n");
            }

            await File.WriteAllTextAsync(Path.Combine(options.Folder, "labels.csv"), labels.ToString(), cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SimulatorException($"'{options.Folder}' could not be written: {e.Message}", e);
        }
    }

    /// <summary>Where the defects are: a grid of 16 x 12 cells, one bit each, row by row, as hex digits.</summary>
    private static string Marks(LinePicture drawing, PartRecipe recipe)
    {
        var cells = drawing.Marks(recipe, 16, 12);
        var bytes = new byte[cells.Length / 8];
        for (var i = 0; i < cells.Length; i++)
            if (cells[i]) bytes[i / 8] |= (byte)(0x80 >> i % 8);
        return Convert.ToHexStringLower(bytes);
    }

    private static IEnumerable<(PartRecipe Recipe, byte[] I420)> Draw(RenderOptions options)
    {
        var drawing = new LinePicture(options.Width, options.Height);
        var picture = new byte[drawing.Bytes];
        for (var i = 0; i < options.Count; i++)
        {
            var recipe = PartRecipe.For(options.Seed, options.Line, options.FirstSerial + (uint)i, options.Condition.Product, options.DefectShare);
            drawing.Draw(recipe, options.Condition, picture);
            yield return (recipe, picture);
        }
    }

    private static async IAsyncEnumerable<(PartRecipe Recipe, byte[] I420)> DrawnAsync(RenderOptions options)
    {
        foreach (var drawn in Draw(options))
        {
            yield return drawn;
            await Task.Yield();
        }
    }

    /// <summary>Encodes all pictures with the live line's encoder, then decodes them: what a camera's client would see.</summary>
    private static async IAsyncEnumerable<(PartRecipe Recipe, byte[] I420)> ThroughVideoAsync(RenderOptions options, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel = default)
    {
        var file = Path.Combine(options.Folder, $".{Guid.NewGuid():n}.ts");
        try
        {
            var recipes = new List<PartRecipe>(options.Count);
            using (var encoder = Ffmpeg.Encode(options.Ffmpeg, options.Width, options.Height, FramesPerSecond, file))
            {
                foreach (var (recipe, picture) in Draw(options))
                {
                    recipes.Add(recipe);
                    await encoder.Input.WriteAsync(picture, cancel);
                }

                await encoder.FinishAsync(cancel);
            }

            using var decoder = Ffmpeg.Decode(options.Ffmpeg, file);
            var decoded = new byte[PictureView.SizeOf(options.Width, options.Height, PixelFormat.I420)];
            foreach (var recipe in recipes)
            {
                await decoder.Output.ReadExactlyAsync(decoded, cancel);
                yield return (recipe, decoded);
            }

            await decoder.FinishAsync(cancel);
        }
        finally
        {
            File.Delete(file);
        }
    }
}

using CvOps.Simulator.Drawing;
using CvOps.Vision;
using CvOps.Vision.PartCodes;

namespace CvOps.Agent.Tests.Simulator;

[Trait("tier", "unit")]
public sealed class DrawingTests
{
    private const int Width = 320;
    private const int Height = 240;

    [Fact]
    public void Same_seed_line_and_serial_give_the_same_pixels_and_any_other_does_not()
    {
        var first = Draw(Recipe(1, "line-1", 7));
        Assert.Equal(first, Draw(Recipe(1, "line-1", 7)));
        Assert.NotEqual(first, Draw(Recipe(2, "line-1", 7)));
        Assert.NotEqual(first, Draw(Recipe(1, "line-2", 7)));
        Assert.NotEqual(first, Draw(Recipe(1, "line-1", 8)));
    }

    [Fact]
    public void Classes_come_as_often_as_asked()
    {
        const int parts = 4000;
        var counts = Enumerable.Range(1, parts).Select(serial => Recipe(3, "line-1", (uint)serial).Class).CountBy(name => name).ToDictionary();
        Assert.InRange(counts["ok"] / (double)parts, 0.37, 0.43);
        foreach (var defect in new[] { "scratch", "dent", "stain" }) Assert.InRange(counts[defect] / (double)parts, 0.17, 0.23);
        Assert.All(Enumerable.Range(1, 200), serial => Assert.Equal("ok", PartRecipe.For(3, "line-1", (uint)serial, Product.Default, 0).Class));
    }

    [Fact]
    public void Every_defect_is_visible_on_the_part_and_a_good_part_has_none()
    {
        var drawing = new LinePicture(Width, Height);
        for (uint serial = 1; serial <= 300; serial++)
        {
            var recipe = Recipe(5, "line-1", serial);
            var cells = drawing.Marks(recipe, 16, 12).Count(touched => touched);
            if (recipe.Class == "ok") Assert.Equal(0, cells);
            else Assert.InRange(cells, 1, 60);
        }
    }

    [Theory]
    [InlineData(1.0, 0)]
    [InlineData(0.35, 0)]
    [InlineData(0.5, 2)]
    public void Part_codes_are_readable_in_any_condition_the_line_can_get_into(double lamp, double blur)
    {
        var drawing = new LinePicture(Width, Height);
        var picture = new byte[drawing.Bytes];
        for (uint serial = 1; serial <= 40; serial++)
        {
            drawing.Draw(Recipe(1, "line-1", serial), LineCondition.New.With(lamp, blur, null), picture);
            Assert.True(PartCode.TryRead(new PictureView(picture, Width, Height, PixelFormat.I420), drawing.Code, out var read), $"part {serial} was missed");
            Assert.Equal(serial, read);
        }
    }

    [Theory]
    [InlineData(160, 120)]
    [InlineData(640, 480)]
    [InlineData(640, 360)]
    [InlineData(322, 242)]
    public void Other_sizes_show_part_and_code_too(int width, int height)
    {
        var drawing = new LinePicture(width, height);
        var picture = new byte[drawing.Bytes];
        drawing.Draw(Recipe(1, "line-1", 12345), LineCondition.New, picture);
        Assert.True(PartCode.TryRead(new PictureView(picture, width, height, PixelFormat.I420), drawing.Code, out var read));
        Assert.Equal(12345u, read);
        Assert.InRange(FrameStatistics.Measure(new PictureView(picture, width, height, PixelFormat.I420)).Contrast, 20, 100);
    }

    [Fact]
    public void An_ageing_lamp_darkens_and_a_bad_lens_blurs()
    {
        var recipe = Recipe(1, "line-1", 2);
        var fresh = Measure(recipe, LineCondition.New);
        var dark = Measure(recipe, LineCondition.New.With(0.45, null, null));
        var blurred = Measure(recipe, LineCondition.New.With(null, 1.5, null));
        Assert.InRange(dark.Brightness / fresh.Brightness, 0.30, 0.55);
        Assert.True(blurred.Sharpness < fresh.Sharpness - 0.3, $"sharpness {blurred.Sharpness} after {fresh.Sharpness}");
        Assert.InRange(blurred.Brightness, fresh.Brightness - 2, fresh.Brightness + 2);
    }

    [Fact]
    public void Products_look_different()
    {
        var pictures = Product.Names.Select(name => Draw(PartRecipe.For(1, "line-1", 3, LineCondition.New.With(null, null, name).Product, 0.6f))).ToList();
        Assert.Equal(3, pictures.Count);
        Assert.Equal(3, pictures.Select(picture => Convert.ToHexString(picture)).Distinct().Count());
    }

    private static PartRecipe Recipe(ulong seed, string line, uint serial) => PartRecipe.For(seed, line, serial, Product.Default, 0.6f);

    private static byte[] Draw(PartRecipe recipe)
    {
        var drawing = new LinePicture(Width, Height);
        var picture = new byte[drawing.Bytes];
        drawing.Draw(recipe, LineCondition.New with { Product = recipe.Product }, picture);
        return picture;
    }

    private static FrameStatistics Measure(PartRecipe recipe, LineCondition condition)
    {
        var drawing = new LinePicture(Width, Height);
        var picture = new byte[drawing.Bytes];
        drawing.Draw(recipe, condition, picture);
        return FrameStatistics.Measure(new PictureView(picture, Width, Height, PixelFormat.I420));
    }
}

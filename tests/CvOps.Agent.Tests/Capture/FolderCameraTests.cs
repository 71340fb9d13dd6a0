using System.Diagnostics;
using CvOps.Agent.Capture;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Capture;

[Trait("tier", "integration")]
public sealed class FolderCameraTests
{
    [Fact]
    public async Task Pictures_come_in_order_of_their_names_each_in_its_own_size()
    {
        using var folder = new TestFolder();
        Picture(folder, "b.png", "40x30");
        Picture(folder, "a.jpg", "64x48", "-q:v", "1");
        Picture(folder, "c.bmp", "33x21");
        await File.WriteAllTextAsync(folder["notes.txt"], "no picture", TestContext.Current.CancellationToken);
        await using var rig = new CameraRig(CameraRig.Options(folder.Path, Pace.Fast));
        await rig.StartAsync();
        foreach (var (width, height) in new[] { (64, 48), (40, 30), (33, 21) })
        {
            using var frame = rig.Take();
            Assert.Equal((width, height, PixelFormat.Bgr24), (frame.Width, frame.Height, frame.Picture.Format));
        }
        await rig.UntilAsync(loop => loop.State == CameraState.Finished);
        Assert.Contains("played to its end, 3 frames", rig.Loop.TakeHealth().Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("png", "rgb24")]
    [InlineData("png", "gray")]
    [InlineData("png", "rgba")]
    [InlineData("png", "ya8")]
    [InlineData("png", "pal8")]
    [InlineData("png", "monob")]
    [InlineData("png", "rgb48be")]
    [InlineData("png", "gray16be")]
    [InlineData("bmp", "bgr24")]
    [InlineData("bmp", "bgra")]
    [InlineData("bmp", "pal8")]
    [InlineData("bmp", "gray")]
    public async Task Every_kind_of_png_and_bmp_gives_the_pixels_that_ffmpeg_gives(string ending, string pixels)
    {
        using var folder = new TestFolder();
        var file = Picture(folder, $"x.{ending}", "37x23", "-pix_fmt", pixels, "-pred", "mixed");
        using (var raw = Process.Start("ffmpeg", ["-loglevel", "error", "-i", file, "-pix_fmt", "bgr24", "-f", "rawvideo", folder["raw"]])) await raw.WaitForExitAsync(TestContext.Current.CancellationToken);
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var picture = ending == "png" ? PngReader.Decode(bytes) : BmpReader.Decode(bytes);
        var expected = await File.ReadAllBytesAsync(folder["raw"], TestContext.Current.CancellationToken);
        Assert.Equal((37, 23), (picture.Width, picture.Height));
        var worst = picture.Bgr.Zip(expected, (a, b) => Math.Abs(a - b)).Max();
        // 16 bits are rounded there and cut here.
        Assert.True(worst <= (pixels.Contains("16", StringComparison.Ordinal) || pixels.Contains("48", StringComparison.Ordinal) ? 1 : 0), $"differs by {worst}");
    }

    [Fact]
    public async Task A_picture_that_cannot_be_read_is_passed_over_counted_and_named()
    {
        using var folder = new TestFolder();
        Picture(folder, "a.png", "40x30");
        var whole = await File.ReadAllBytesAsync(folder["a.png"], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(folder["b.png"], whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(folder["c.jpg"], [1, 2, 3], TestContext.Current.CancellationToken);
        Picture(folder, "d.jpg", "40x30");
        await using var rig = new CameraRig(CameraRig.Options(folder.Path, Pace.Fast));
        await rig.StartAsync();
        rig.Take().Dispose();
        rig.Take().Dispose();
        await rig.UntilAsync(loop => loop.State == CameraState.Finished);
        Assert.Equal(2, rig.Loop.TakeHealth().StreamDamages);
        await rig.Log.SaysAsync("c.jpg: It is neither a JPEG");
    }

    [Fact]
    public async Task Damaged_and_truncated_files_end_in_a_sentence_never_in_a_crash()
    {
        using var folder = new TestFolder();
        var random = new Random(11);
        foreach (var ending in (string[])["png", "bmp"])
        {
            var whole = await File.ReadAllBytesAsync(Picture(folder, $"x.{ending}", "37x23"), TestContext.Current.CancellationToken);
            for (var i = 0; i < 300; i++)
            {
                var bytes = whole.ToArray();
                for (var flips = random.Next(1, 5); flips > 0; flips--) bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
                bytes = bytes[..random.Next(bytes.Length / 2, bytes.Length + 1)];
                try
                {
                    _ = ending == "png" ? PngReader.Decode(bytes) : BmpReader.Decode(bytes);
                }
                catch (PictureException e)
                {
                    Assert.NotEmpty(e.Message);
                }
            }
        }
    }

    [Fact]
    public async Task An_empty_folder_says_what_it_lacks()
    {
        using var folder = new TestFolder();
        await using var rig = new CameraRig(CameraRig.Options(folder.Path, Pace.Fast));
        await rig.StartAsync();
        await rig.UntilAsync(loop => loop.TakeHealth().Problem?.Contains("has no pictures in it (.jpg, .jpeg, .png, .bmp)", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_looped_folder_begins_again_with_what_is_there_then()
    {
        using var folder = new TestFolder();
        Picture(folder, "a.png", "40x30");
        await using var rig = new CameraRig(CameraRig.Options(folder.Path, Pace.Fast) with { Loop = true });
        await rig.StartAsync();
        rig.Take().Dispose();
        Picture(folder, "b.png", "20x10");
        await rig.UntilSizeAsync(20, 10);
        await rig.UntilSizeAsync(40, 30);
    }

    private static string Picture(TestFolder folder, string name, string size, params string[] more)
    {
        if (TestProcess.Find("ffmpeg") is null) Skip.Because("ffmpeg is not installed: apt-get install ffmpeg");
        using var ffmpeg = Process.Start("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", $"testsrc=size={size}", "-frames:v", "1", .. more, "-y", folder[name]]);
        ffmpeg.WaitForExit();
        return folder[name];
    }
}

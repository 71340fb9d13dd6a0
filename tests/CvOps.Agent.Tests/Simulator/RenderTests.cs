using CvOps.Simulator.Drawing;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.PartCodes;

namespace CvOps.Agent.Tests.Simulator;

[Trait("tier", "integration")]
public sealed class RenderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Still_pictures_carry_their_serial_and_their_class_stands_beside_them(bool video)
    {
        var cancel = TestContext.Current.CancellationToken;
        if (video) Skip.Unless(TestProcess.Find("ffmpeg") is not null, "ffmpeg is not installed.");
        using var folder = new TestFolder();
        string[] arguments = ["render", "--count", "12", "--seed", "4", "--first", "100", "--lamp", "0.35", "--out", folder.Path];
        await using var process = TestProcess.StartAssembly(LineProcess.Assembly, video ? [.. arguments, "--video"] : arguments);
        Assert.Equal(0, await process.WaitForExitAsync(TimeSpan.FromSeconds(60), cancel));

        var lines = await File.ReadAllLinesAsync(folder["labels.csv"], cancel);
        Assert.Equal("serial,class,file,lamp,blur,product,marks", lines[0]);
        Assert.Equal(13, lines.Length);
        Assert.Equal(13, Directory.GetFiles(folder.Path).Length);
        var code = LinePicture.CodeRegion(320, 240);
        for (var i = 1; i < lines.Length; i++)
        {
            var cells = lines[i].Split(',');
            var picture = JpegCodec.Decode(await File.ReadAllBytesAsync(folder[cells[2]], cancel));
            Assert.True(PartCode.TryRead(picture.View, code, out var serial));
            Assert.Equal(cells[0], $"{serial}");
            Assert.Equal(99u + (uint)i, serial);
            Assert.Equal(PartRecipe.For(4, "line-1", serial, Product.Default, 0.6f).Class, cells[1]);
            Assert.Equal("0.35", cells[3]);
            Assert.Equal(cells[1] == "ok", cells[6].All(digit => digit == '0'));
        }
    }
}

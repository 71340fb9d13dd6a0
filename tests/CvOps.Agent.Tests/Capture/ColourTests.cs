using System.Diagnostics;
using CvOps.Agent.Capture;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Agent.Tests.Capture;

[Trait("tier", "integration")]
public sealed class ColourTests
{
    [Theory]
    [InlineData("bt709", YuvMatrix.Bt709)]
    [InlineData("smpte170m", YuvMatrix.Bt601)]
    [InlineData(null, YuvMatrix.Bt601)]
    public async Task Pictures_carry_the_matrix_their_stream_names(string? space, YuvMatrix expected)
    {
        if (TestProcess.Find("ffmpeg") is null) Skip.Because("ffmpeg is not installed: apt-get install ffmpeg");
        using var folder = new TestFolder();
        string[] named = space is null ? [] : ["-colorspace", space, "-color_primaries", space, "-color_trc", space];
        using (var ffmpeg = Process.Start("ffmpeg", ["-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=25", "-frames:v", "5", "-pix_fmt", "yuv420p", .. named, "-y", folder["clip.mp4"]]))
        {
            await ffmpeg.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        await using var rig = new CameraRig(CameraRig.Options(folder["clip.mp4"], Pace.Fast));
        await rig.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await rig.UntilAsync(_ => rig.Queue.Waiting > 0);
            using var frame = rig.Take();
            Assert.Equal(new YuvColour(expected, YuvRange.Limited), frame.Picture.Colour);
        }
    }
}

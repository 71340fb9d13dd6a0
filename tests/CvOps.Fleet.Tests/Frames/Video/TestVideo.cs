using System.Diagnostics;
using System.Globalization;

namespace CvOps.Fleet.Tests.Frames.Video;

/// <summary>Videos made by a real ffmpeg.</summary>
internal static class TestVideo
{
    /// <summary>Grey, noisy, two seconds for each place at which a small white scratch lies; 320 x 240, ten pictures a second.</summary>
    public static Task ScratchesAsync(string file, params int[] places)
    {
        var scenes = string.Concat(places.Select((x, i) => string.Create(CultureInfo.InvariantCulture, $"color=gray:s=320x240:r=10:d=2,drawbox=x={x}:y=100:w=12:h=3:color=white:t=fill,noise=alls=4:allf=t[s{i}];")));
        return RunAsync("-filter_complex", scenes + string.Concat(places.Select((_, i) => $"[s{i}]")) + $"concat=n={places.Length}[v]", "-map", "[v]", "-c:v", "libx264", "-crf", "20", "-g", "10", "-pix_fmt", "yuv420p", "-y", file);
    }

    public static Task SoundAsync(string file) => RunAsync("-f", "lavfi", "-i", "sine=d=1", "-y", file);

    private static async Task RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ffmpeg", ["-hide_banner", "-loglevel", "error", "-nostdin", .. arguments]) { RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, said);
    }
}

using System.Globalization;
using CvOps.Cli.Up;

namespace CvOps.Cli.Demo.Loop;

/// <summary>A run of parts on a line: a video with a part a frame, and what each part truly is.</summary>
/// <param name="Pictures">The frames again, as the files that somebody who labels by lot would have; of the same order and length as <paramref name="Classes"/>.</param>
internal sealed record PartRun(string Video, IReadOnlyList<string> Pictures, IReadOnlyList<string> Classes);

/// <summary>Deals the pictures of a folder out over several runs of a line, each picture in one of them.</summary>
internal static class LoopParts
{
    private const int FramesPerSecond = 10;

    /// <summary>So little is lost in the video that a classifier does not see it.</summary>
    private const string Quality = "6";

    private static readonly string[] Quiet = ["-nostdin", "-v", "error", "-y"];

    /// <summary>Writes videos and frames; ffmpeg draws them, as it reads them later.</summary>
    /// <param name="pictures">File and class of each.</param>
    /// <exception cref="CliException">ffmpeg failed, or dropped a frame: then no frame's number would tell its part.</exception>
    public static async Task<IReadOnlyList<PartRun>> Deal(IReadOnlyList<(string File, string Class)> pictures, int runs, string folder, CancellationToken ct)
    {
        var order = pictures.ToArray();
        new Random(1).Shuffle(order);
        var dealt = new List<PartRun>();
        foreach (var parts in order.Chunk((order.Length + runs - 1) / runs))
        {
            var work = Directory.CreateDirectory(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"run-{dealt.Count + 1}"))).FullName;
            var (list, video) = (Path.Combine(work, "parts.txt"), Path.Combine(work, "line.mkv"));
            await File.WriteAllLinesAsync(list, parts.Select(part => $"file '{part.File.Replace("'", "'\\''", StringComparison.Ordinal)}'"), ct);
            await Programs.Run("ffmpeg", [.. Quiet, "-r", $"{FramesPerSecond}", "-f", "concat", "-safe", "0", "-i", list, "-c:v", "libx264", "-crf", Quality, "-pix_fmt", "yuv420p", video], ct);
            await Programs.Run("ffmpeg", [.. Quiet, "-i", video, "-q:v", "2", Path.Combine(work, "%04d.jpg")], ct);
            var frames = Directory.GetFiles(work, "*.jpg").Order(StringComparer.Ordinal).ToArray();
            if (frames.Length != parts.Length) throw new CliException($"ffmpeg made {frames.Length} frames of {parts.Length} pictures.");
            dealt.Add(new PartRun(video, frames, [.. parts.Select(part => part.Class)]));
        }
        return dealt;
    }
}

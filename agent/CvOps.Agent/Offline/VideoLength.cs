using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace CvOps.Agent.Offline;

/// <summary>How many frames a video has, as its container says. Good for a progress bar, no more.</summary>
internal static class VideoLength
{
    /// <param name="ffprobe">Path of the program; null when there is none.</param>
    /// <returns>Null when the container does not say.</returns>
    public static async Task<long?> OfAsync(string video, string? ffprobe, CancellationToken cancellationToken)
    {
        if (ffprobe is null) return null;
        try
        {
            using var process = Process.Start(new ProcessStartInfo(ffprobe,
                ["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=nb_frames,avg_frame_rate,duration:format=duration", "-of", "default=noprint_wrappers=1", video])
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.StandardError.ReadToEndAsync(cancellationToken);
            return Read(await said);
        }
        catch (Exception e) when (e is Win32Exception or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <param name="said">key=value lines: nb_frames, or else avg_frame_rate as a fraction and a duration in seconds; N/A for what is not known.</param>
    internal static long? Read(string said)
    {
        double? rate = null, seconds = null;
        foreach (var line in said.Split('\n', StringSplitOptions.TrimEntries))
        {
            var at = line.IndexOf('=', StringComparison.Ordinal);
            if (at < 0) continue;
            var (key, value) = (line[..at], line[(at + 1)..]);
            if (key == "nb_frames" && long.TryParse(value, CultureInfo.InvariantCulture, out var frames) && frames > 0) return frames;
            if (key == "duration") seconds ??= Number(value);
            if (key == "avg_frame_rate" && value.Split('/') is [var over, var under]) rate = Number(over) / Number(under);
        }
        return rate * seconds is { } product && product >= 1 && double.IsFinite(product) ? (long)Math.Round(product) : null;
    }

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}

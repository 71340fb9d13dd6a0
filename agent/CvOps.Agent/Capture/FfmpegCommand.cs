using System.Globalization;

namespace CvOps.Agent.Capture;

/// <summary>The programs that make a camera: ffmpeg, and setpriv to let it die with us.</summary>
internal sealed record FfmpegPrograms(string? Ffmpeg, string? Setpriv)
{
    /// <param name="searchPath">Folders separated by ':', as in PATH.</param>
    public static FfmpegPrograms Find(string? searchPath) => new(Locate(searchPath, "ffmpeg"), Locate(searchPath, "setpriv"));

    private static string? Locate(string? searchPath, string program) =>
        (searchPath ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}

/// <summary>The command line that turns a camera's address into frames on standard output.</summary>
internal static class FfmpegCommand
{
    /// <summary>
    /// Native size, I420, one picture out for each one in. The yuv4mpeg container says size and rate first, so that nobody has to ask the
    /// camera beforehand.
    /// </summary>
    public static IReadOnlyList<string> Arguments(CameraOptions options)
    {
        List<string> arguments = ["-hide_banner", "-loglevel", "error", "-nostdin", "-threads", options.DecoderThreads.ToString(CultureInfo.InvariantCulture)];
        if (CameraAddress.IsFile(options.Url))
        {
            if (options.Loop) arguments.AddRange(["-stream_loop", "-1"]);
            if (options.Pace != Pace.Fast) arguments.Add("-re");
        }
        else
        {
            arguments.AddRange(["-analyzeduration", "1000000", "-fflags", "nobuffer", "-flags", "low_delay"]);
            if (options.Url.StartsWith("rtsp", StringComparison.OrdinalIgnoreCase)) arguments.AddRange(["-rtsp_transport", "tcp"]);
        }
        arguments.AddRange(["-i", options.Url, "-map", "0:v:0", "-vsync", "passthrough", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "pipe:1"]);
        return arguments;
    }
}

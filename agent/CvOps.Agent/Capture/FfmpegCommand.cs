using System.Globalization;

namespace CvOps.Agent.Capture;

/// <summary>The programs that make a camera: ffmpeg, and setpriv to let it die with us; ffprobe knows how long a video is.</summary>
internal sealed record FfmpegPrograms(string? Ffmpeg, string? Setpriv, string? Ffprobe = null)
{
    /// <param name="searchPath">Folders separated by ':', as in PATH.</param>
    public static FfmpegPrograms Find(string? searchPath) => new(Locate(searchPath, "ffmpeg"), Locate(searchPath, "setpriv"), Locate(searchPath, "ffprobe"));

    private static string? Locate(string? searchPath, string program) =>
        (searchPath ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}

/// <summary>The command line that turns a camera's address into frames on standard output.</summary>
internal static class FfmpegCommand
{
    /// <summary>
    /// Native size, I420 or NV12 as the decoder has it, one picture out for each one in, in the NUT container: size and format first, so that
    /// nobody has to ask the camera beforehand, and each picture's time. A size that changes is passed on, not scaled away.
    /// </summary>
    public static IReadOnlyList<string> Arguments(CameraOptions options, string? segments = null, string? reports = null)
    {
        // Verbose: the filter graph's input line tells a new size before its first picture comes.
        List<string> arguments = ["-hide_banner", "-loglevel", "level+verbose", "-nostats", "-nostdin", "-threads", Number(options.DecoderThreads), "-max_pixels", Number(options.MaxPixels)];
        if (options.Hwaccel is { } hwaccel) arguments.AddRange(["-hwaccel", hwaccel]);
        if (options.Decoder is { } decoder) arguments.AddRange(["-c:v", decoder]);
        switch (options.Kind)
        {
            case CameraKind.File:
                if (options.Loop) arguments.AddRange(["-stream_loop", "-1"]);
                if (options.Pace != Pace.Fast) arguments.Add("-re");
                break;
            case CameraKind.V4l2:
                arguments.AddRange(["-f", "v4l2"]);
                if (options.InputFormat is { } format) arguments.AddRange(["-input_format", format]);
                if (options.Rate is { } rate) arguments.AddRange(["-framerate", Number(rate)]);
                if (options.Size is { } size) arguments.AddRange(["-video_size", size]);
                break;
            default:
                arguments.AddRange(LiveArguments(options));
                break;
        }
        arguments.AddRange(options.InputArguments);
        arguments.AddRange(["-i", options.Kind == CameraKind.V4l2 ? CameraAddress.DeviceOf(options.Url) : options.Url]);
        arguments.AddRange(["-map", "0:v:0", "-map_metadata", "0", "-fps_mode", "passthrough", "-autoscale", "0", "-vf", "format=yuv420p|nv12"]);
        arguments.AddRange(["-c:v", "rawvideo", "-f", "nut", "-write_index", "0", "-flush_packets", "1", "pipe:1"]);
        // As the camera encoded it, cut at key frames.
        if (segments is not null) arguments.AddRange(["-map", "0:v:0", "-c:v", "copy", "-f", "segment", "-segment_time", "1", "-segment_format", "matroska", "-reset_timestamps", "1", segments]);
        // Fragments of one picture, each with the sender's clock where a report has told it: ffmpeg keeps what RTCP says with its packets alone.
        if (reports is not null) arguments.AddRange(["-map", "0:v:0", "-c:v", "copy", "-avoid_negative_ts", "disabled", "-f", "mp4", "-movflags", "empty_moov+frag_every_frame+default_base_moof", "-write_prft", "wallclock", "-flush_packets", "1", reports]);
        return arguments;
    }

    /// <summary>
    /// No waiting for a frame rate (-fpsprobesize 0 takes a second off the first picture), no picture before the decoder's first complete one
    /// (-output_corrupt: after a start in mid-stream the others are grey or smeared).
    /// </summary>
    private static string[] LiveArguments(CameraOptions options)
    {
        string[] live = ["-analyzeduration", "1000000", "-fpsprobesize", "0", "-flags", "+low_delay-output_corrupt"];
        return options.Kind == CameraKind.Rtsp
            ? [.. live, "-rtsp_transport", options.Transport == RtspTransport.UdpMulticast ? "udp_multicast" : options.Transport.ToString().ToLowerInvariant()]
            : live;
    }

    private static string Number(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}

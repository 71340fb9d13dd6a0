using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace CvOps.Simulator.Video;

/// <summary>An ffmpeg child. Killed, with all it holds, when disposed.</summary>
internal sealed class Ffmpeg : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private Ffmpeg(Process process)
    {
        _process = process;
        // Drained from the start: a full pipe would stop the child.
        _errors = process.StandardError.ReadToEndAsync();
    }

    public Stream Input => _process.StandardInput.BaseStream;

    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Takes raw I420 on its input, gives H.264 as MPEG-TS: no B-frames, a key frame a second, nothing held back.</summary>
    /// <param name="target">A file, or <c>pipe:1</c>.</param>
    public static Ffmpeg Encode(string program, int width, int height, int framesPerSecond, string target)
    {
        var rate = framesPerSecond.ToString(CultureInfo.InvariantCulture);
        return Start(program,
            "-probesize", "32", "-analyzeduration", "0", "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", $"{width}x{height}", "-framerate", rate, "-i", "pipe:0",
            "-an", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1", "-crf", "18", "-g", rate, "-keyint_min", rate, "-sc_threshold", "0", "-bf", "0",
            "-flush_packets", "1", "-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts", "-y", target);
    }

    /// <summary>Takes a video file, gives raw I420.</summary>
    public static Ffmpeg Decode(string program, string file) =>
        Start(program, "-i", file, "-an", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1");

    /// <summary>Tries the program.</summary>
    /// <exception cref="SimulatorException">It is not there, or is no ffmpeg.</exception>
    public static async Task CheckAsync(string program, CancellationToken cancel)
    {
        using var child = Start(program, "-version");
        await child.FinishAsync(cancel);
    }

    /// <exception cref="SimulatorException">There is no such program.</exception>
    private static Ffmpeg Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, ["-hide_banner", "-nostats", "-loglevel", "error", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        try
        {
            return new Ffmpeg(Process.Start(start) ?? throw new SimulatorException($"'{program}' could not be started."));
        }
        catch (Win32Exception e)
        {
            throw new SimulatorException($"'{program}' could not be started ({e.Message}): install ffmpeg (apt-get install ffmpeg) or name it with --ffmpeg.", e);
        }
    }

    /// <summary>Closes the input and waits for the end.</summary>
    /// <exception cref="SimulatorException">ffmpeg failed; its own words are in the message.</exception>
    public async Task FinishAsync(CancellationToken cancel)
    {
        try
        {
            await Input.DisposeAsync();
        }
        catch (IOException)
        {
            // It is gone already; its exit status tells more than the broken pipe.
        }

        await _process.WaitForExitAsync(cancel);
        if (_process.ExitCode != 0) throw new SimulatorException(await DescribeAsync());
    }

    /// <summary>What an ended child has to say.</summary>
    public async Task<string> DescribeAsync()
    {
        var errors = (await _errors).Trim().ReplaceLineEndings("; ");
        return $"ffmpeg ended with {_process.ExitCode}: {(errors.Length > 0 ? errors : "it gave no reason")}.";
    }

    public void Dispose()
    {
        try
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
                _process.WaitForExit(2000);
            }
        }
        catch (InvalidOperationException)
        {
            // It ended between the question and the kill.
        }

        _process.Dispose();
    }
}

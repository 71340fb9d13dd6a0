using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace CvOps.Fleet.Frames.Video;

/// <summary>
/// An ffmpeg child that takes pictures from a video at even steps and hands them over as JPEG. The file came from outside: no protocol but files and no list of other files is
/// followed, the picture's size is bounded, and the child has nothing of the fleet's environment. When the fleet is killed it ends at its next picture, for which nobody is there.
/// </summary>
internal sealed class VideoDecoder : IAsyncDisposable
{
    private const int LongestHeader = 4096;
    private const int LargestJpeg = 64 << 20;
    private const long MostPixels = 64L << 20;

    private const string Formats = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,mpegtsraw,flv,asf,nut,mjpeg,h264,hevc,ogg,m4v,yuv4mpegpipe,gif,ivf,mxf";

    private readonly Process _process;
    private readonly Task _listening;
    private readonly Stream _output;

    private VideoDecoder(Process process)
    {
        _process = process;
        _output = process.StandardOutput.BaseStream;
        _listening = ListenAsync();
    }

    public VideoWords Words { get; } = new();

    /// <returns>Null when there is no ffmpeg.</returns>
    public static VideoDecoder? Start(string file, TimeSpan every)
    {
        if (Locate("ffmpeg") is not { } ffmpeg) return null;
        string[] arguments =
        [
            "-hide_banner", "-nostats", "-nostdin", "-loglevel", "level+info", "-protocol_whitelist", "file,pipe", "-format_whitelist", Formats, "-max_pixels", MostPixels.ToString(CultureInfo.InvariantCulture), "-i", $"file:{file}",
            "-map", "0:v:0", "-an", "-sn", "-dn", "-vf", string.Create(CultureInfo.InvariantCulture, $"fps=1000000/{(long)every.TotalMicroseconds}"), "-fps_mode", "passthrough",
            "-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p", "-strict", "unofficial", "-f", "mpjpeg", "-flush_packets", "1", "pipe:1",
        ];
        var start = new ProcessStartInfo(ffmpeg, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            process.Dispose();
            return null;
        }
        return new VideoDecoder(process);
    }

    /// <summary>The next picture; null after the last.</summary>
    /// <exception cref="InvalidDataException">The child writes something else.</exception>
    public async Task<byte[]?> NextAsync(CancellationToken cancel)
    {
        if (await HeaderAsync(cancel) is not { } header) return null;
        const string Length = "content-length:";
        var line = header.Split("\r\n").FirstOrDefault(line => line.StartsWith(Length, StringComparison.OrdinalIgnoreCase));
        if (line is null || !int.TryParse(line.AsSpan(Length.Length), CultureInfo.InvariantCulture, out var bytes) || bytes is < 1 or > LargestJpeg) throw new InvalidDataException("ffmpeg's pictures can't be told apart.");
        var jpeg = new byte[bytes];
        // Cut off in the middle: the child died.
        return await _output.ReadAtLeastAsync(jpeg, bytes, throwOnEndOfStream: false, cancel) < bytes ? null : jpeg;
    }

    /// <returns>The exit code, once it has said everything.</returns>
    public async Task<int> EndAsync(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        await _listening;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // Gone already.
        }
        await _process.WaitForExitAsync();
        await _listening;
        _process.Dispose();
    }

    /// <summary>Everything up to the empty line before a picture; null at the end.</summary>
    private async Task<string?> HeaderAsync(CancellationToken cancel)
    {
        var header = new List<byte>(128);
        var one = new byte[1];
        while (await _output.ReadAsync(one, cancel) == 1)
        {
            header.Add(one[0]);
            // The line end after the picture before is part of the next header.
            if (header.Count > 8 && header[^1] == '\n' && header[^2] == '\r' && header[^3] == '\n' && header[^4] == '\r') return Encoding.ASCII.GetString([.. header]);
            if (header.Count > LongestHeader) throw new InvalidDataException("ffmpeg's pictures can't be told apart.");
        }
        return null;
    }

    private async Task ListenAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line) Words.Hear(line);
    }

    private static string? Locate(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}

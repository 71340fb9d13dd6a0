using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace CvOps.Agent.Capture;

/// <summary>Size and rate of a stream.</summary>
/// <param name="Fps">Frames a second as the container says; 0 when it does not.</param>
internal readonly record struct VideoGeometry(int Width, int Height, double Fps);

/// <summary>A camera can't be started or its output can't be understood; the message is fit for an operator.</summary>
internal sealed class CameraException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// One connection to a camera: an ffmpeg child and its frames. Reading blocks, on the thread that started the child; <see cref="Kill"/> may
/// come from any thread and ends a blocked read.
/// </summary>
internal sealed class FfmpegCamera : IDisposable
{
    // What ffmpeg said last; the cause is near the end.
    private const int KeptLines = 24;
    private const int HeaderBytes = 512;
    private static readonly TimeSpan ExitDeadline = TimeSpan.FromSeconds(5);
    private static readonly byte[] FrameMark = "FRAME\n"u8.ToArray();

    private readonly CameraOptions _options;
    private readonly Process _process;
    private readonly Stream _output;
    private readonly Queue<string> _said = new();
    private readonly byte[] _mark = new byte[FrameMark.Length];

    private FfmpegCamera(CameraOptions options, Process process)
    {
        _options = options;
        _process = process;
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
        _output = _process.StandardOutput.BaseStream;
    }

    /// <summary>Starts the child. Call it on the thread that will read: the kernel kills the child when that thread ends.</summary>
    /// <exception cref="CameraException">There is no ffmpeg, or it can't be started.</exception>
    public static FfmpegCamera Start(CameraOptions options, FfmpegPrograms programs)
    {
        var ffmpeg = programs.Ffmpeg ?? throw new CameraException("ffmpeg was not found on the PATH: apt-get install ffmpeg");
        IEnumerable<string> arguments = FfmpegCommand.Arguments(options);
        // Without setpriv the child still ends with us, but only once it writes into the closed pipe.
        var start = programs.Setpriv is { } setpriv
            ? new ProcessStartInfo(setpriv, ["--pdeathsig", "KILL", "--", ffmpeg, .. arguments])
            : new ProcessStartInfo(ffmpeg, arguments);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            return new FfmpegCamera(options, new Process { StartInfo = start });
        }
        catch (Win32Exception e)
        {
            throw new CameraException($"{start.FileName} can't be started: {e.Message}", e);
        }
    }

    public int ProcessId => _process.Id;

    /// <summary>Waits for the stream's header.</summary>
    /// <returns>Null when the child ended before one came.</returns>
    /// <exception cref="CameraException">What came is no yuv4mpeg header.</exception>
    public VideoGeometry? ReadHeader()
    {
        Span<byte> line = stackalloc byte[HeaderBytes];
        for (var length = 0; length < line.Length; length++)
        {
            if (_output.Read(line.Slice(length, 1)) == 0) return null;
            if (line[length] == (byte)'\n') return Parse(System.Text.Encoding.ASCII.GetString(line[..length]));
        }
        throw new CameraException($"{CameraAddress.Redact(_options.Url)}: ffmpeg's output has no header in its first {HeaderBytes} bytes.");
    }

    /// <summary>Fills a picture of the header's size.</summary>
    /// <returns>False at the end of the stream; a picture cut off there is left out.</returns>
    /// <exception cref="CameraException">The output lost its frame marks.</exception>
    public bool ReadFrame(Span<byte> pixels)
    {
        if (_output.ReadAtLeast(_mark, _mark.Length, throwOnEndOfStream: false) < _mark.Length) return false;
        if (!_mark.AsSpan().SequenceEqual(FrameMark)) throw new CameraException($"{CameraAddress.Redact(_options.Url)}: ffmpeg's output has no frame where one should begin.");
        return _output.ReadAtLeast(pixels, pixels.Length, throwOnEndOfStream: false) == pixels.Length;
    }

    /// <summary>Waits for the child to be gone and says why the stream ended.</summary>
    /// <param name="completed">True when ffmpeg met the regular end.</param>
    public string Ended(out bool completed)
    {
        if (!_process.WaitForExit(ExitDeadline)) Kill();
        // Without an argument it also waits for the last lines of standard error.
        _process.WaitForExit();
        completed = _process.ExitCode == 0;
        lock (_said) return FfmpegCause.Explain([.. _said], _process.ExitCode, _options.Url);
    }

    /// <summary>SIGKILL; does nothing to a child that is gone.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // Gone already, or going.
        }
    }

    public void Dispose()
    {
        Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private VideoGeometry Parse(string header)
    {
        var words = header.Split(' ');
        string? Word(char tag) => words.Skip(1).FirstOrDefault(word => word.Length > 1 && word[0] == tag)?[1..];
        if (words[0] != "YUV4MPEG2"
            || !int.TryParse(Word('W'), NumberStyles.None, CultureInfo.InvariantCulture, out var width) || width is < 1 or > 16_384
            || !int.TryParse(Word('H'), NumberStyles.None, CultureInfo.InvariantCulture, out var height) || height is < 1 or > 16_384
            || Word('C')?.StartsWith("420", StringComparison.Ordinal) == false)
        {
            throw new CameraException($"{CameraAddress.Redact(_options.Url)}: ffmpeg's output begins with \"{header}\", which is no 4:2:0 picture.");
        }
        var rate = Word('F')?.Split(':');
        var fps = rate is [var top, var below] && double.TryParse(top, CultureInfo.InvariantCulture, out var a) && double.TryParse(below, CultureInfo.InvariantCulture, out var b) && b > 0 ? a / b : 0;
        return new VideoGeometry(width, height, fps);
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_said)
        {
            if (_said.Count == KeptLines) _said.Dequeue();
            _said.Enqueue(line);
        }
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>A camera that an ffmpeg child decodes; its pictures come through a pipe, straight into the caller's memory.</summary>
internal sealed partial class FfmpegCamera : ICameraSource
{
    private static readonly TimeSpan ExitDeadline = TimeSpan.FromSeconds(5);

    private readonly CameraOptions _options;
    private readonly Process _process;
    private readonly FfmpegListener _listener;
    private readonly NutReader _reader;
    private NutStream _stream;
    private int _pictureBytes;

    private FfmpegCamera(CameraOptions options, Process process)
    {
        _options = options;
        _process = process;
        _listener = new FfmpegListener(options.Url);
        _process.ErrorDataReceived += (_, line) => _listener.Hear(line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
        var output = _process.StandardOutput.BaseStream;
        Widen(output);
        _reader = new NutReader(output);
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

    public int? ProcessId => _process.Id;

    public StreamDamage Damage => _listener.Damage;

    public StreamStart? Open()
    {
        if (Understood(_reader.ReadHeaders) is not { } stream) return null;
        if ((long)stream.Width * stream.Height > _options.MaxPixels)
        {
            throw new CameraException(
                $"{CameraAddress.Redact(_options.Url)} sends pictures of {stream.Width}x{stream.Height}, more than the {_options.MaxMegapixels} megapixels allowed: choose a smaller stream of the camera, or raise max-megapixels.");
        }
        _stream = stream;
        _pictureBytes = PictureView.SizeOf(stream.Width, stream.Height, stream.Format);
        return new StreamStart(stream.Width, stream.Height, _options.Kind == CameraKind.File ? stream.Recorded : null);
    }

    public bool TryNext(out PictureHeader picture)
    {
        picture = default;
        TimeSpan time;
        int size;
        try
        {
            if (!_reader.TryReadHeader(out time, out size)) return false;
        }
        catch (NutException e)
        {
            throw Broken(e);
        }
        if (size != _pictureBytes || _listener.GeometryChanged) throw new GeometryChangedException(_options.Url, _stream.Width, _stream.Height, _listener.Geometry);
        picture = new PictureHeader(_stream.Width, _stream.Height, _stream.Format, time);
        return true;
    }

    public bool Fill(Span<byte> pixels) => _reader.ReadPixels(pixels);

    public string Ended(out bool completed)
    {
        if (!_process.WaitForExit(ExitDeadline)) Kill();
        // Without an argument it also waits for the last lines of standard error.
        _process.WaitForExit();
        completed = _process.ExitCode == 0;
        return _listener.Explain(_process.ExitCode);
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

    private T Understood<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (NutException e)
        {
            throw Broken(e);
        }
    }

    private CameraException Broken(NutException e) => new($"{CameraAddress.Redact(_options.Url)}: ffmpeg's output can't be read: {e.Message}.", e);

    /// <summary>A megabyte instead of 64 KiB of pipe: a picture crosses in a few turns of the two processes instead of dozens. A kernel that refuses is slower, not wrong.</summary>
    private static void Widen(Stream output)
    {
        if (output is PipeStream pipe) _ = SetPipeSize(pipe.SafePipeHandle, 1031, 1 << 20);
    }

    // F_SETPIPE_SZ of fcntl(2) is 1031.
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int SetPipeSize(SafeHandle pipe, int command, int bytes);
}

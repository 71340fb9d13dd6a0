using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using CvOps.Vision;
using Microsoft.Win32.SafeHandles;

namespace CvOps.Agent.Capture;

/// <summary>A camera that an ffmpeg child decodes; its pictures come through a pipe, straight into the caller's memory.</summary>
internal sealed partial class FfmpegCamera : ICameraSource
{
    private static readonly TimeSpan ExitDeadline = TimeSpan.FromSeconds(5);

    private readonly CameraOptions _options;
    private readonly Process _process;
    private readonly FfmpegListener _listener;
    private readonly ChildLines _lines;
    private readonly SenderReports? _reports;
    private readonly NutReader _reader;
    private PixelFormat _format;
    private bool _began;

    private FfmpegCamera(CameraOptions options, Process process, SenderReports? reports)
    {
        _reports = reports;
        _options = options;
        _process = process;
        _listener = new FfmpegListener(options.Url);
        _process.Start();
        _lines = new ChildLines(PipeOf(_process.StandardError.BaseStream), _listener.Hear);
        var output = _process.StandardOutput.BaseStream;
        // A megabyte instead of 64 KiB of pipe: a picture crosses in a few turns of the two processes instead of dozens. A kernel that refuses is slower, not wrong.
        _ = SetPipeSize(PipeOf(output), 1031, 1 << 20);
        _reader = new NutReader(output);
    }

    /// <summary>Starts the child. Call it on the thread that will read: the kernel kills the child when that thread ends.</summary>
    /// <param name="segments">File name pattern for the encoded video, which is written in segments beside; null for none.</param>
    /// <param name="senderReports">Whether to listen for the RTCP sender reports of an RTSP camera.</param>
    /// <exception cref="CameraException">There is no ffmpeg, or it can't be started.</exception>
    public static FfmpegCamera Start(CameraOptions options, FfmpegPrograms programs, string? segments = null, bool senderReports = true)
    {
        var ffmpeg = programs.Ffmpeg ?? throw new CameraException("ffmpeg was not found on the PATH: apt-get install ffmpeg");
        var reports = senderReports && options.Kind == CameraKind.Rtsp ? new SenderReports(TimeProvider.System) : null;
        IEnumerable<string> arguments = FfmpegCommand.Arguments(options, segments, reports?.Address);
        // Without setpriv the child still ends with us, but only once it writes into the closed pipe.
        var start = programs.Setpriv is { } setpriv
            ? new ProcessStartInfo(setpriv, ["--pdeathsig", "KILL", "--", ffmpeg, .. arguments])
            : new ProcessStartInfo(ffmpeg, arguments);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            return new FfmpegCamera(options, new Process { StartInfo = start }, reports);
        }
        catch (Win32Exception e)
        {
            reports?.Dispose();
            throw new CameraException($"{start.FileName} can't be started: {e.Message}", e);
        }
    }

    public int? ProcessId => _process.Id;

    public DateTimeOffset? SenderStart => _reports?.Start;

    /// <summary>The stream can't be copied into the container that tells of sender reports: the next connection has to do without.</summary>
    public bool RefusesSenderReports => _listener.MuxerRefused && _reports is not null;

    public StreamDamage Damage
    {
        get
        {
            _lines.Drain();
            return _listener.Damage;
        }
    }

    public StreamStart? Open()
    {
        if (Understood(_reader.ReadHeaders) is not { } stream) return null;
        _lines.Drain();
        if (_listener.Sizes.Current == default) _listener.Sizes.Announce(stream.Width, stream.Height);
        _format = stream.Format;
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
        // What the child says of a new size, it says before the first picture of that size.
        _lines.Drain();
        var before = _listener.Sizes.Current;
        if (!_listener.Sizes.TryResolve(size, _format, out var now, out var latest))
        {
            throw new CameraException($"{CameraAddress.Redact(_options.Url)} changed its pictures from {before.Width}x{before.Height} to {latest.Width}x{latest.Height}; it is being connected again.");
        }
        if ((long)now.Width * now.Height > _options.MaxPixels)
        {
            throw new CameraException(
                $"{CameraAddress.Redact(_options.Url)} sends pictures of {now.Width}x{now.Height}, more than the {_options.MaxMegapixels} megapixels allowed: choose a smaller stream of the camera, or raise max-megapixels.");
        }
        _began = true;
        picture = new PictureHeader(now.Width, now.Height, _format, time, _listener.Colour);
        return true;
    }

    public bool Fill(Span<byte> pixels) => _reader.ReadPixels(pixels);

    public string Ended(out bool completed)
    {
        if (!_process.WaitForExit(ExitDeadline)) Kill();
        _process.WaitForExit();
        _lines.Drain();
        completed = _process.ExitCode == 0;
        return _listener.Explain(_process.ExitCode, _began);
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
        _lines.Close();
        _reports?.Dispose();
        // Not closed with the process: nobody asked it to read them.
        _process.StandardOutput.Dispose();
        _process.StandardError.Dispose();
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

    private static SafePipeHandle PipeOf(Stream stream) => ((PipeStream)stream).SafePipeHandle;

    // F_SETPIPE_SZ of fcntl(2) is 1031.
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int SetPipeSize(SafeHandle pipe, int command, int bytes);
}

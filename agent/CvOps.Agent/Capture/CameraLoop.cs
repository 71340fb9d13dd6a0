using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Capture;

/// <summary>
/// Keeps one camera connected, on a thread of its own: connect, read frames into the queue, notice silence, connect again. Whatever happens to
/// the camera stays with it.
/// </summary>
internal sealed partial class CameraLoop(CameraLane lane, FrameQueue queue, FramePool pool, FfmpegPrograms programs, TimeProvider time, Random chance, ILogger<CameraLoop> logger) : BackgroundService
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromMilliseconds(200);

    private readonly CameraOptions _options = lane.Options;
    private readonly string _address = CameraAddress.Redact(lane.Options.Url);
    private readonly Lock _gate = new();
    private CameraState _state = CameraState.Connecting;
    private FfmpegCamera? _camera;
    private string? _problem = $"Connecting to {CameraAddress.Redact(lane.Options.Url)}.";
    private long _lastProgress = time.GetTimestamp();
    private bool _queueIsFull;
    private int _connections;
    private int _failures;
    private VideoGeometry _geometry;

    public CameraLane Lane => lane;

    public CameraState State
    {
        get
        {
            lock (_gate) return _state;
        }
    }

    /// <summary>Size of the latest connection's pictures; 0x0 before the first.</summary>
    public ReportedCamera Reported
    {
        get
        {
            lock (_gate) return new(_options.Id, _address, _geometry.Width, _geometry.Height);
        }
    }

    /// <summary>Process of the child that runs now; null between two. For tests that take it away.</summary>
    internal int? ChildProcessId
    {
        get
        {
            lock (_gate) return _camera?.ProcessId;
        }
    }

    /// <summary>The camera's health; begins a new interval of its meter.</summary>
    public CameraHealth TakeHealth()
    {
        var interval = lane.Meter.TakeInterval();
        lock (_gate)
        {
            return new(_options.Id, _state, interval.Fps, interval.LatencyMsP99, lane.Meter.FramesInspected, lane.Meter.FramesDropped,
                lane.Meter.InferenceErrors, Math.Max(0, _connections - 1), _problem);
        }
    }

    /// <summary>Drops the connection; the loop makes a new one.</summary>
    public void Restart()
    {
        lock (_gate) _camera?.Kill();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        // A thread of its own: reads block, and the child lives no longer than the thread that started it.
        Task.Factory.StartNew(() => Run(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private void Run(CancellationToken stopping)
    {
        using var watch = time.CreateTimer(_ => Watch(), null, WatchPeriod, WatchPeriod);
        using var kill = stopping.Register(Restart);
        while (!stopping.IsCancellationRequested)
        {
            Connect(stopping);
            if (stopping.IsCancellationRequested || State == CameraState.Finished) return;
            var delay = ReconnectDelay.Of(Math.Max(1, _failures), chance.NextDouble());
            Log.CameraLost(logger, _options.Id.Value, _problem ?? "", delay.TotalSeconds);
            if (!Wait(delay, stopping)) return;
            lock (_gate)
            {
                _state = CameraMachine.Next(_state, CameraEvent.Retry);
                _lastProgress = time.GetTimestamp();
            }
        }
    }

    /// <summary>One connection, from start to end.</summary>
    private void Connect(CancellationToken stopping)
    {
        FfmpegCamera? camera = null;
        try
        {
            camera = FfmpegCamera.Start(_options, programs);
            lock (_gate)
            {
                _camera = camera;
                _connections++;
            }
            if (stopping.IsCancellationRequested) return;
            var frames = camera.ReadHeader() is { } geometry ? ReadFrames(camera, geometry, stopping) : 0;
            if (stopping.IsCancellationRequested) return;
            var cause = camera.Ended(out var completed);
            if (completed && frames > 0 && CameraAddress.IsFile(_options.Url)) Finish(frames);
            else Lose(cause);
        }
        catch (CameraException e)
        {
            Lose(e.Message);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The queue refused a frame: we are stopping.
        }
        finally
        {
            lock (_gate) _camera = null;
            camera?.Dispose();
        }
    }

    private long ReadFrames(FfmpegCamera camera, VideoGeometry geometry, CancellationToken stopping)
    {
        var size = Vision.PictureView.SizeOf(geometry.Width, geometry.Height, Vision.PixelFormat.I420);
        // Host time says when a picture arrived. How long encoder and network held it is unknown; a file has no such time, half a frame is left.
        var uncertaintyMs = CameraAddress.IsFile(_options.Url) && geometry.Fps > 0 ? 500 / geometry.Fps : NetworkUncertaintyMs;
        lock (_gate) _geometry = geometry;
        for (var number = 0L; ; number++)
        {
            var frame = pool.Rent(geometry.Width, geometry.Height, lane.Camera.Value);
            var handedOver = false;
            try
            {
                if (!camera.ReadFrame(frame.Pixels[..size])) return number;
                frame.Stamp(lane, _connections, number, time.GetUtcNow(), uncertaintyMs, time.GetTimestamp());
                Progress();
                handedOver = true;
                HandOver(frame, stopping);
            }
            finally
            {
                if (!handedOver) frame.Dispose();
            }
        }
    }

    private void HandOver(Frame frame, CancellationToken stopping)
    {
        lock (_gate) _queueIsFull = true;
        try
        {
            queue.Put(frame, stopping);
        }
        finally
        {
            lock (_gate)
            {
                _queueIsFull = false;
                _lastProgress = time.GetTimestamp();
            }
        }
    }

    private void Progress()
    {
        lock (_gate)
        {
            _lastProgress = time.GetTimestamp();
            if (_state == CameraState.Live) return;
            var before = _state;
            _state = CameraMachine.Next(_state, CameraEvent.Frame);
            if (_state != CameraState.Live) return;
            _problem = null;
            _failures = 0;
            if (before == CameraState.Connecting) Log.CameraConnected(logger, _options.Id.Value, _address, _geometry.Width, _geometry.Height, _geometry.Fps);
        }
    }

    /// <summary>Runs beside the reader, which may be stuck in a read for ever.</summary>
    private void Watch()
    {
        lock (_gate)
        {
            // A camera that waits for the consumer is not silent.
            if (_queueIsFull || CameraMachine.Patience(_state, _options) is not { } patience) return;
            var silence = time.GetElapsedTime(_lastProgress);
            if (silence < patience) return;
            _state = CameraMachine.Next(_state, CameraEvent.Silence);
            _problem = $"{_address} has sent no frame for {silence.TotalSeconds:0} s: check camera and network.";
            if (_state == CameraState.Lost) _camera?.Kill();
        }
    }

    private void Lose(string cause)
    {
        lock (_gate)
        {
            // Killed for its silence: that is the cause, not what the child said when it died.
            if (_state != CameraState.Lost) _problem = cause;
            _state = CameraMachine.Next(_state, CameraEvent.Ended);
            _failures++;
        }
    }

    private void Finish(long frames)
    {
        lock (_gate)
        {
            _state = CameraMachine.Next(_state, CameraEvent.Finished);
            _problem = $"{_address} has been played to its end, {frames} frames; set loop to begin again.";
        }
        Log.FileFinished(logger, _options.Id.Value, _address, frames);
    }

    private bool Wait(TimeSpan delay, CancellationToken stopping)
    {
        try
        {
            Task.Delay(delay, time, stopping).GetAwaiter().GetResult();
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    // Encoders of network cameras hold 2 to 10 pictures at 10 to 30 a second; the network adds little to that.
    private const double NetworkUncertaintyMs = 500;

    private static partial class Log
    {
        [LoggerMessage(1000, LogLevel.Information, "Camera {Camera} connected: {Address}, {Width}x{Height}, {Fps} frames/s")]
        public static partial void CameraConnected(ILogger logger, string camera, string address, int width, int height, double fps);

        [LoggerMessage(1001, LogLevel.Warning, "Camera {Camera} lost: {Problem} Trying again in {DelaySeconds:0.0} s")]
        public static partial void CameraLost(ILogger logger, string camera, string problem, double delaySeconds);

        [LoggerMessage(1002, LogLevel.Information, "Camera {Camera} finished: {Address} had {Frames} frames")]
        public static partial void FileFinished(ILogger logger, string camera, string address, long frames);
    }
}

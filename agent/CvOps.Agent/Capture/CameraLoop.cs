using CvOps.Agent.Clips;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Capture;

/// <summary>
/// Keeps one camera connected, on a thread of its own: connect, read frames into the queue, notice silence, connect again. Whatever happens to
/// the camera stays with it.
/// </summary>
/// <param name="connectionsBefore">Connections that a camera of this name has had since the agent's start: their numbers are not given again.</param>
/// <param name="ring">Where the encoded video is written as well; null for nowhere.</param>
internal sealed partial class CameraLoop(CameraLane lane, FrameQueue queue, FramePool pool, FfmpegPrograms programs, TimeProvider time, Random chance, ILogger<CameraLoop> logger, int connectionsBefore = 0, EncodedRing? ring = null) : BackgroundService
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromMilliseconds(200);

    private readonly CameraOptions _options = lane.Options;
    private readonly string _address = CameraAddress.Redact(lane.Options.Url);
    private readonly CameraStatus _status = new(lane.Options, time, connectionsBefore);
    private readonly FrozenPictureRule _frozen = new(lane.Options.FrozenPatience);
    private readonly PrivacyMask _mask = new(lane.Options.PrivacyMasks);
    private readonly StreamDamageLog _damage = new(lane, time, logger);
    private readonly long _started = time.GetTimestamp();
    private volatile ICameraSource? _source;
    private bool _senderReports = true;

    public CameraLane Lane => lane;

    public CameraState State => _status.State;

    /// <summary>Connections begun, those before this loop included.</summary>
    public int Connections => _status.Connections;

    /// <summary>Address and size of the latest connection's pictures; 0x0 before the first.</summary>
    public ReportedCamera Reported => new(_options.Id, _address, _status.Size.Width, _status.Size.Height);

    /// <summary>Process of the child that runs now; null between two. For tests that take it away.</summary>
    internal int? ChildProcessId => _source?.ProcessId;

    /// <summary>The camera's health; begins a new interval of its meter.</summary>
    public CameraHealth TakeHealth()
    {
        var interval = lane.Meter.TakeInterval();
        return new(_options.Id, _status.State, interval.Fps, interval.LatencyMsP99, lane.Meter.FramesInspected, lane.Meter.FramesDropped,
            lane.Meter.InferenceErrors, Math.Max(0, _status.Connections - 1), _status.Problem, lane.Meter.FramesFrozen, _status.GeometryChanges, _damage.Total)
        {
            Rejects = lane.Meter.Rejects, Last = lane.Meter.Last,
        };
    }

    /// <summary>Drops the connection; the loop makes a new one.</summary>
    public void Restart() => _source?.Kill();

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
            var delay = ReconnectDelay.Of(Math.Max(1, _status.Failures), chance.NextDouble());
            Log.CameraLost(logger, _options.Id.Value, _status.Problem ?? "", delay.TotalSeconds);
            if (!Wait(delay, stopping)) return;
            while (!CameraKnock.AnswersAsync(_options, stopping).GetAwaiter().GetResult())
            {
                if (!Wait(CameraKnock.Pause(chance.NextDouble()), stopping)) return;
            }
        }
    }

    /// <summary>One connection, from start to end.</summary>
    private void Connect(CancellationToken stopping)
    {
        var connection = _status.Begin();
        try
        {
            using var source = Start(connection);
            _source = source;
            // Given up before there was a source to kill.
            if (_status.State == CameraState.Lost) source.Kill();
            if (stopping.IsCancellationRequested) return;
            var frames = source.Open() is { } start ? ReadFrames(source, start, connection, stopping) : 0;
            _damage.Look(source.Damage);
            if (stopping.IsCancellationRequested) return;
            var cause = source.Ended(out var completed);
            if (source is FfmpegCamera { RefusesSenderReports: true }) _senderReports = false;
            if (completed && frames > 0 && CameraAddress.IsRecording(_options.Url)) Finish(frames);
            else _status.Lose(cause);
        }
        catch (CameraException e)
        {
            _status.Lose(e.Message);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The queue refused a frame: we are stopping.
        }
        finally
        {
            _damage.ConnectionEnds();
            _source = null;
        }
    }

    private ICameraSource Start(int connection) => _options.Kind == CameraKind.Folder
        ? new FolderCamera(_options, time)
        : FfmpegCamera.Start(_options, programs, _mask.Masks ? null : ring?.PatternFor(_options.Id, connection), _senderReports);

    private long ReadFrames(ICameraSource source, StreamStart start, int connection, CancellationToken stopping)
    {
        var size = (start.Width, start.Height);
        Opened(size);
        var clock = new CaptureClock(_options, start);
        var number = 0L;
        while (source.TryNext(out var picture))
        {
            if ((picture.Width, picture.Height) != size) Opened(size = (picture.Width, picture.Height));
            var frame = pool.Rent(picture.Width, picture.Height, picture.Format, lane.Camera.Value, picture.Colour);
            var handedOver = false;
            try
            {
                if (!source.Fill(frame.Pixels[..frame.PictureBytes])) break;
                lane.Meter.Captured();
                frame.Stamp(lane, connection, number++, clock.Of(picture.Time, time.GetUtcNow(), source.SenderStart), time.GetTimestamp());
                if (!IsNew(frame)) continue;
                _mask.BurnIn(frame.Pixels[..frame.PictureBytes], frame.Width, frame.Height, frame.Format, frame.Colour);
                handedOver = true;
                HandOver(frame, stopping);
            }
            finally
            {
                if (!handedOver) frame.Dispose();
            }
        }
        return number;
    }

    /// <summary>A size is news when it is another one; in a folder each picture may have its own.</summary>
    private void Opened((int Width, int Height) size)
    {
        if (_options.Kind == CameraKind.Folder) _status.Opened(size.Width, size.Height, counts: false);
        else if (_status.Opened(size.Width, size.Height) is { } before)
        {
            Log.GeometryChanged(logger, _options.Id.Value, before.Width, before.Height, size.Width, size.Height);
            pool.Trim(before.Width, before.Height);
        }
    }

    /// <summary>Tells the status of a picture; false for one of a frozen camera, which tells nothing of the parts that go by.</summary>
    private bool IsNew(Frame frame)
    {
        if (_frozen.Watches && _frozen.IsFrozen(PictureHash.Of(frame.Picture), time.GetElapsedTime(_started)))
        {
            lane.Meter.Frozen();
            if (_status.Picture(_frozen.For, _frozen.Loop) == CameraChange.Frozen) Log.CameraStale(logger, _options.Id.Value, _status.Problem ?? "");
            return false;
        }
        switch (_status.Picture())
        {
            case CameraChange.Connected: Log.CameraConnected(logger, _options.Id.Value, _address, frame.Width, frame.Height); break;
            case CameraChange.Back: Log.CameraBack(logger, _options.Id.Value); break;
        }
        return true;
    }

    private void HandOver(Frame frame, CancellationToken stopping)
    {
        _status.QueueIsFull(true);
        try
        {
            queue.Put(frame, stopping);
        }
        finally
        {
            _status.QueueIsFull(false);
        }
    }

    /// <summary>Runs beside the reader, which may be stuck in a read for ever.</summary>
    private void Watch()
    {
        var damage = _source?.Damage ?? default;
        if (damage.Count > 0) _damage.Look(damage);
        switch (_status.Watch(damage))
        {
            case CameraState.Stale: Log.CameraStale(logger, _options.Id.Value, _status.Problem ?? ""); break;
            case CameraState.Lost: Restart(); break;
        }
    }

    private void Finish(long frames)
    {
        _status.Finish(frames);
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

    private static partial class Log
    {
        [LoggerMessage(1000, LogLevel.Information, "Camera {Camera} connected: {Address}, {Width}x{Height}")]
        public static partial void CameraConnected(ILogger logger, string camera, string address, int width, int height);

        [LoggerMessage(1001, LogLevel.Warning, "Camera {Camera} lost: {Problem} Trying again in {DelaySeconds:0.0} s")]
        public static partial void CameraLost(ILogger logger, string camera, string problem, double delaySeconds);

        [LoggerMessage(1002, LogLevel.Information, "Camera {Camera} finished: {Address} had {Frames} frames")]
        public static partial void FileFinished(ILogger logger, string camera, string address, long frames);

        [LoggerMessage(1003, LogLevel.Warning, "Camera {Camera} is stale: {Problem}")]
        public static partial void CameraStale(ILogger logger, string camera, string problem);

        [LoggerMessage(1004, LogLevel.Information, "Camera {Camera} shows new pictures again")]
        public static partial void CameraBack(ILogger logger, string camera);

        [LoggerMessage(1005, LogLevel.Warning, "Camera {Camera} changed its pictures from {OldWidth}x{OldHeight} to {Width}x{Height}")]
        public static partial void GeometryChanged(ILogger logger, string camera, int oldWidth, int oldHeight, int width, int height);
    }
}

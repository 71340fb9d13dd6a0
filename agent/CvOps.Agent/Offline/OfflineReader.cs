using CvOps.Agent.Capture;

namespace CvOps.Agent.Offline;

/// <summary>How the reading of an input ended.</summary>
/// <param name="Frames">Handed to the queue.</param>
/// <param name="Problem">Why it could not be read, or not to its end, in a sentence; null otherwise.</param>
internal sealed record ReadOutcome(long Frames, string? Problem, StreamDamage Damage);

/// <summary>Reads every frame of the input into the queue, on one thread, and ends the queue.</summary>
internal sealed class OfflineReader(OfflineOptions options, CameraLane lane, FrameQueue queue, FramePool pool, FfmpegPrograms programs, FrameNotes notes, TimeProvider time)
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromMilliseconds(500);

    // Ctrl-C goes to the decoder too, which may end before we hear of it.
    private static readonly TimeSpan SignalPatience = TimeSpan.FromSeconds(1);

    private readonly bool _isStream = OfflineInput.IsStream(options.Input);
    private long _waitingSince;
    private volatile bool _silent;
    private PictureHeader _next;
    private (int Width, int Height) _size;

    /// <param name="stop">Ends the reading; frames in the queue are still inspected.</param>
    public ReadOutcome Run(CancellationToken stop)
    {
        var (frames, damage) = (0L, default(StreamDamage));
        try
        {
            using var source = Open();
            using var kill = stop.Register(source.Kill);
            using var watch = _isStream ? time.CreateTimer(_ => Watch(source, Interlocked.Read(ref frames)), null, WatchPeriod, WatchPeriod) : null;
            var limited = false;
            if (Begin(source) is { } start)
            {
                // Only a world that goes on meanwhile has a now; anything else is the same tomorrow.
                var clock = new CaptureClock(lane.Options, _isStream ? start : start with { Recorded = start.Recorded ?? DateTimeOffset.UnixEpoch });
                var ends = new FrameLimit(options, time);
                while (true)
                {
                    if (options.Frames <= frames) { limited = true; break; }
                    if (!Next(source)) break;
                    if (!ends.Takes(_next.Time)) { limited = true; break; }
                    if (!Take(source, clock, (source as PictureFiles)?.Number ?? frames, stop)) break;
                    Interlocked.Increment(ref frames);
                }
            }
            damage = source.Damage;
            return new ReadOutcome(frames, limited || stop.IsCancellationRequested ? null : EndOf(source, frames, stop), damage);
        }
        catch (CameraException e)
        {
            return new ReadOutcome(frames, e.Message, damage);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return new ReadOutcome(frames, null, damage);
        }
        finally
        {
            queue.End();
        }
    }

    private ICameraSource Open() => OfflineInput.IsPictures(options.Input) ? new PictureFiles(lane.Options, notes) : FfmpegCamera.Start(lane.Options, programs);

    private bool Take(ICameraSource source, CaptureClock clock, long number, CancellationToken stop)
    {
        var frame = pool.Rent(_next.Width, _next.Height, _next.Format, lane.Camera.Value, _next.Colour);
        if (!Fill(source, frame))
        {
            frame.Dispose();
            return false;
        }
        frame.Stamp(lane, 1, number, clock.Of(_next.Time, time.GetUtcNow()), time.GetTimestamp());
        var (width, height) = (frame.Width, frame.Height);
        queue.Put(frame, stop);
        ForgetOtherSizes(width, height);
        return true;
    }

    /// <summary>A folder may hold any number of sizes; memory of those that are past is let go.</summary>
    private void ForgetOtherSizes(int width, int height)
    {
        if (_size == (width, height)) return;
        if (_size.Width > 0) pool.Trim(_size.Width, _size.Height);
        _size = (width, height);
    }

    /// <returns>Why the input did not come to its end; null when it did.</returns>
    private string? EndOf(ICameraSource source, long frames, CancellationToken stop)
    {
        if (_silent) return $"{CameraAddress.Redact(options.Input)} sent nothing for {Patience(frames).TotalSeconds:0} s.";
        var cause = source.Ended(out var completed);
        if (completed && (frames > 0 || source is PictureFiles)) return _isStream ? $"{CameraAddress.Redact(options.Input)} ended the stream." : null;
        return !completed && stop.WaitHandle.WaitOne(SignalPatience) ? null : cause;
    }

    private StreamStart? Begin(ICameraSource source)
    {
        Waits(true);
        var start = source.Open();
        Waits(false);
        return start;
    }

    private bool Next(ICameraSource source)
    {
        Waits(true);
        var came = source.TryNext(out _next);
        Waits(false);
        return came;
    }

    private bool Fill(ICameraSource source, Frame frame)
    {
        Waits(true);
        var filled = source.Fill(frame.Pixels[..frame.PictureBytes]);
        Waits(false);
        return filled;
    }

    private void Waits(bool begins) => Interlocked.Exchange(ref _waitingSince, begins ? time.GetTimestamp() : 0);

    private TimeSpan Patience(long frames) => frames == 0 ? lane.Options.ConnectTimeout : lane.Options.LostAfter;

    private void Watch(ICameraSource source, long frames)
    {
        var since = Interlocked.Read(ref _waitingSince);
        if (since == 0 || time.GetElapsedTime(since) < Patience(frames)) return;
        _silent = true;
        source.Kill();
    }
}

using CvOps.Agent.Capture;
using CvOps.Agent.Inference;
using CvOps.Agent.Tracking;

namespace CvOps.Agent.Offline;

/// <summary>
/// One offline run: the input's frames through the agent's own queue, stages and decoders, every one and in order, into a file instead of a spool.
/// </summary>
/// <param name="say">Takes sentences for a person.</param>
internal sealed class OfflineRun(OfflineOptions options, TextWriter summary, Action<string> say, TimeProvider time)
{
    private readonly FrameNotes _notes = new();
    private readonly OfflineTally _tally = new();

    /// <param name="interrupted">Ends it early; what is under way is finished.</param>
    /// <returns>One of <see cref="OfflineExit"/>.</returns>
    /// <exception cref="OfflineException">It can't begin.</exception>
    public async Task<int> RunAsync(CancellationToken interrupted)
    {
        // The folder is made and the file opened before anything takes time: what can't be written is known at once.
        if (options.SaveFrames is { } folder) Make(folder);
        using var file = options.Out is { } path ? new ResultsFile(path) : null;
        try
        {
            return await InspectAsync(file, interrupted);
        }
        catch (OfflineException) when (_tally.Done == 0)
        {
            file?.Abandon();
            throw;
        }
    }

    private async Task<int> InspectAsync(ResultsFile? file, CancellationToken interrupted)
    {
        using var slots = new ModelSlots();
        var model = OfflineModel.Open(options, time);
        slots.Activate(model.Loaded);
        if (model.Note is { } note) say(note);
        if (options.Gpu && model.Loaded.Session.Provider == "CPU") say("No GPU can be used here; the CPU does it.");
        var camera = OfflineInput.Camera(options.Input);
        using var lines = file is null ? null : new ResultLines(file, model.Loaded, camera.Id, options.Timings);
        var saver = options.SaveFrames is { } folder ? new FrameSaver(folder, options.Only, model.Loaded.Manifest.Classes) : null;

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        var sink = new OfflineSink(_notes, _tally, lines, saver, stop.Cancel);
        var started = time.GetTimestamp();
        var outcome = await FramesAsync(camera, slots, sink, stop);
        var elapsed = time.GetElapsedTime(started);

        if (_tally.Done == 0 && outcome.Problem is { } problem) throw OfflineException.WrongInput(problem);
        var broken = sink.Failure switch { null => interrupted.IsCancellationRequested ? null : outcome.Problem, OfflineException e => e.Message, var bug => bug.ToString() };
        if (broken is null && !interrupted.IsCancellationRequested) broken = file?.TryCommit();
        if (_tally.Done > 0) OfflineSummary.Write(summary, _tally, model.Loaded, elapsed);
        if (broken is not null) return Leave(file, broken, OfflineExit.Failed);
        return interrupted.IsCancellationRequested ? Leave(file, "Stopped.", OfflineExit.Interrupted) : Close(file, saver, outcome.Damage);
    }

    private async Task<ReadOutcome> FramesAsync(CameraOptions camera, ModelSlots slots, OfflineSink sink, CancellationTokenSource stop)
    {
        var programs = FfmpegPrograms.Find(Environment.GetEnvironmentVariable("PATH"));
        // Tracks come before whoever writes or draws them.
        IInspectedFrameSink[] sinks = options.Track ? [new TrackingSink([new TrackingOptions { Camera = camera.Id }]), sink] : [sink];
        using (new ProgressBar(() => _tally.Done, TotalAsync(programs, stop.Token), time))
        {
            var outcome = await OfflineFrames.InspectAsync(options, camera, slots, sinks, programs, _notes, time, stop);
            sink.Finish();
            return outcome;
        }
    }

    private async Task<long?> TotalAsync(FfmpegPrograms programs, CancellationToken stop)
    {
        if (!ProgressBar.CanShow) return null;
        long? total = null;
        if (OfflineInput.IsPictures(options.Input)) total = await Task.Run(() => PictureFiles.Count(options.Input), stop);
        else if (!OfflineInput.IsStream(options.Input)) total = await VideoLength.OfAsync(options.Input, programs.Ffprobe, stop);
        return options.Seconds is not null ? null : total is { } known && options.Frames is { } most ? Math.Min(known, most) : total ?? options.Frames;
    }

    /// <summary>Says where everything is, and what went wrong with some of it.</summary>
    private int Close(ResultsFile? file, FrameSaver? saver, StreamDamage damage)
    {
        if (file is { Stays: true }) summary.WriteLine($"\n{OfflineSummary.Counted(_tally.Done, "line")}: {file.Place}");
        if (saver is not null) summary.WriteLine($"{(file is null ? "\n" : "")}{OfflineSummary.Counted(saver.Saved, "picture")}: {options.SaveFrames}");
        if (_tally.FirstError is { } error) say($"{OfflineSummary.Counted(_tally.Errors, "frame")} could not be inspected. The first: {error}");
        if (damage.Count == 0) return _tally.Errors > 0 ? OfflineExit.Failed : OfflineExit.Done;
        say($"The decoder met damage {OfflineSummary.Counted(damage.Count, "time")}; frames may be missing or smeared. The latest: {damage.Latest}");
        // Streams lose packets; a recording should not have.
        return _tally.Errors > 0 || !OfflineInput.IsStream(options.Input) ? OfflineExit.Failed : OfflineExit.Done;
    }

    /// <summary>Says why it did not come to its end, and where the lines are that there are.</summary>
    private int Leave(ResultsFile? file, string why, int code)
    {
        say(why);
        if (file is not null && _tally.Done == 0) file.Abandon();
        else if (file is not null && file.Stays && TryFlush(file)) say($"{OfflineSummary.Counted(_tally.Done, "frame")} had been inspected; their lines are in {file.Place}.");
        else say($"{OfflineSummary.Counted(_tally.Done, "frame")} had been inspected.");
        return code;
    }

    private static bool TryFlush(ResultsFile file)
    {
        try
        {
            file.Flush();
            return true;
        }
        catch (OfflineException)
        {
            return false;
        }
    }

    private static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw OfflineException.WrongInput($"The folder {folder} can't be made: {e.Message}", e);
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using CvOps.Contracts.Api;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Training;

/// <summary>What came of a trainer.</summary>
/// <param name="Failure">Null when it did its work, else why not.</param>
/// <param name="Killed">It was killed from outside, so another attempt may end better.</param>
internal sealed record TrainerOutcome(string? Failure, bool Killed = false);

/// <summary>What a trainer is started with.</summary>
/// <param name="Parent">The parent's package file.</param>
/// <param name="TimeLeft">Of its budget.</param>
internal sealed record TrainerJob(TrainerEntry Trainer, RunFolder Folder, string Parent, int Seed, TimeSpan TimeLeft);

/// <summary>
/// Runs a trainer as a process of its own, which says on standard output, in JSON lines, how far it is (<see cref="TrainerLine"/>). Who stops it asks
/// first (SIGTERM) and kills later. The fleet's own settings, which may hold passwords, are not in its environment.
/// </summary>
internal sealed class TrainerProcess(IOptions<FleetOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    /// <param name="heard">Called for each line but the last.</param>
    public async Task<TrainerOutcome> RunAsync(TrainerJob job, Func<TrainerLine, ValueTask> heard, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var log = new RunLog(job.Folder.Log, time);
        using var process = new Process { StartInfo = StartOf(job) };
        log.Write($"{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)}");
        try
        {
            process.Start();
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return new TrainerOutcome($"The trainer {process.StartInfo.FileName} could not be started ({e.Message}). Name it with --trainer.");
        }
        string? stopped = null;
        var watch = WatchAsync(job, log, reason =>
        {
            stopped = reason;
            limit.Cancel();
        }, limit.Token);
        var ended = false;
        try
        {
            LeftTrainer.Remember(job.Folder, process);
            // Nobody types at a trainer; its standard input ends at once, and with it a trainer that waits for one.
            process.StandardInput.Close();
            var words = ReadWordsAsync(process.StandardError, log, limit.Token);
            var (done, failure) = await ListenAsync(process.StandardOutput, log, heard, limit.Token);
            // Its word is enough: a trainer that failed is not waited for.
            if (failure is not null) return new TrainerOutcome(failure);
            await process.WaitForExitAsync(limit.Token);
            ended = true;
            var last = await words;
            return process.ExitCode switch
            {
                0 => new TrainerOutcome(done ? null : "The trainer ended without saying that it was done."),
                // A shell says 128 + 9 for a child that was killed; .NET says the same of its own.
                137 or 143 => new TrainerOutcome($"The trainer was killed (code {process.ExitCode}): {last}", Killed: true),
                _ => new TrainerOutcome($"The trainer ended with code {process.ExitCode}: {last}"),
            };
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new TrainerOutcome(stopped ?? "The trainer was stopped.");
        }
        finally
        {
            await limit.CancelAsync();
            await watch;
            await EndAsync(process, job, ended);
        }
    }

    private static ProcessStartInfo StartOf(TrainerJob job)
    {
        var folder = job.Folder;
        var words = job.Trainer.Command.Select(folder.Fill).ToArray();
        var start = new ProcessStartInfo(words[0],
        [
            .. words[1..], "--dataset", folder.Dataset, "--parent", job.Parent, "--out", folder.Out, "--parameters", folder.Parameters, "--checkpoints", folder.Checkpoints,
            "--seed", job.Seed.ToString(CultureInfo.InvariantCulture), .. folder.HasCheckpoint ? (ReadOnlySpan<string>)["--resume"] : [],
        ])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        foreach (var setting in start.Environment.Keys.Where(key => key.StartsWith($"{FleetOptions.Section}__", StringComparison.OrdinalIgnoreCase)).ToArray()) start.Environment.Remove(setting);
        start.Environment["CVOPS_RUN"] = folder.Id;
        return start;
    }

    /// <summary>Ends a trainer whose time is over, and one that hangs.</summary>
    private async Task WatchAsync(TrainerJob job, RunLog log, Action<string> stop, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        var silence = options.Value.TrainerSilenceLimit;
        try
        {
            while (true)
            {
                await Task.Delay(LookAgain, time, cancel);
                if (time.GetElapsedTime(started) >= job.TimeLeft)
                {
                    stop($"The trainer took longer than the {job.TimeLeft:g} that were left of its budget and was stopped.");
                    return;
                }
                if (log.Silence < silence) continue;
                stop($"The trainer said nothing for {silence:g} and was stopped: it hangs, or it has to say how far it is more often.");
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // It ended, or we stop.
        }
    }

    private static async Task<string> ReadWordsAsync(StreamReader words, RunLog log, CancellationToken cancel)
    {
        var last = new Queue<string>();
        while (await words.ReadLineAsync(cancel) is { } line)
        {
            log.Write(line);
            last.Enqueue(line);
            if (last.Count > 20) last.Dequeue();
        }
        return TrainerLines.Tail(string.Join('\n', last));
    }

    /// <summary>Reads to the end, also behind "done": a pipe that nobody empties would hold the trainer up.</summary>
    private static async Task<(bool Done, string? Failure)> ListenAsync(StreamReader output, RunLog log, Func<TrainerLine, ValueTask> heard, CancellationToken cancel)
    {
        var done = false;
        while (await output.ReadLineAsync(cancel) is { } text)
        {
            log.Write(text);
            if (done || string.IsNullOrWhiteSpace(text)) continue;
            if (TrainerLines.Parse(text) is not { } line) return (false, $"The trainer said something that is no JSON line with an event: '{TrainerLines.Tail(text)}'");
            if (TrainerLines.Finding(line) is { } finding) return (false, finding);
            if (line.Event == "done") done = true;
            else await heard(line);
        }
        return (done, null);
    }

    private async Task EndAsync(Process process, TrainerJob job, bool ended)
    {
        if (!process.HasExited)
        {
            LeftTrainer.Terminate(process.Id);
            using var grace = new CancellationTokenSource(Grace, time);
            try
            {
                await process.WaitForExitAsync(grace.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        if (!ended) await LeftTrainer.StopAsync(job.Trainer, job.Folder);
        LeftTrainer.Forget(job.Folder);
    }
}

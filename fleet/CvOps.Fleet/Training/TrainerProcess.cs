using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Training;

/// <summary>What came of a trainer: null when it did its work, else why not.</summary>
internal sealed record TrainerOutcome(string? Failure);

/// <summary>Runs a trainer as a process of its own, which says on standard output, in JSON lines, how far it is (<see cref="TrainerLine"/>).</summary>
internal sealed class TrainerProcess(IOptions<FleetOptions> options)
{
    private const int LastWords = 300;

    /// <param name="dataset">Folder with <c>dataset.json</c> and <c>images/</c>.</param>
    /// <param name="parent">The parent's package file.</param>
    /// <param name="output">Folder for <c>model.onnx</c> and <c>manifest.json</c>; made by the trainer.</param>
    /// <param name="heard">Called for each progress and metrics line.</param>
    public async Task<TrainerOutcome> RunAsync(TrainingRequest request, string dataset, string parent, string output, Func<TrainerLine, Task> heard, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.Value.TrainerTimeLimit);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(Find(options.Value.Trainer),
            [
                "head", "--dataset", dataset, "--parent", parent, "--out", output,
                "--l2", request.L2.ToString("R", CultureInfo.InvariantCulture), "--seed", request.Seed.ToString(CultureInfo.InvariantCulture),
            ])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
            },
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return new TrainerOutcome($"The trainer {process.StartInfo.FileName} could not be started ({e.Message}). Name it with --trainer.");
        }
        try
        {
            // Nobody types at a trainer; its standard input ends at once, and with it a trainer that waits for one.
            process.StandardInput.Close();
            var words = process.StandardError.ReadToEndAsync(limit.Token);
            var (done, failure) = await ListenAsync(process.StandardOutput, heard, limit.Token);
            // Its word is enough: a trainer that failed is not waited for.
            if (failure is not null) return new TrainerOutcome(failure);
            await process.WaitForExitAsync(limit.Token);
            if (process.ExitCode != 0) return new TrainerOutcome($"The trainer ended with code {process.ExitCode}: {Tail(await words)}");
            return new TrainerOutcome(done ? null : "The trainer ended without saying that it was done.");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new TrainerOutcome($"The trainer took longer than {options.Value.TrainerTimeLimit} and was stopped.");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Reads to the end, also behind "done": a pipe that nobody empties would hold the trainer up.</summary>
    private static async Task<(bool Done, string? Failure)> ListenAsync(StreamReader output, Func<TrainerLine, Task> heard, CancellationToken cancel)
    {
        var done = false;
        while (await output.ReadLineAsync(cancel) is { } text)
        {
            if (done || string.IsNullOrWhiteSpace(text)) continue;
            if (Parse(text) is not { } line) return (false, $"The trainer said something that is no JSON line with an event: '{Tail(text)}'");
            switch (line.Event)
            {
                case "done":
                    done = true;
                    break;
                case "failed":
                    return (false, line.Message ?? "The trainer failed without saying why.");
                case "progress" when line.Loss is { } loss && !double.IsFinite(loss):
                    return (false, $"The loss became {loss.ToString(CultureInfo.InvariantCulture)} at step {line.Step}.");
                case "metrics" when line.Metrics?.FirstOrDefault(metric => !double.IsFinite(metric.Value)) is { Key: { } name, Value: var value }:
                    return (false, $"The metric {name} became {value.ToString(CultureInfo.InvariantCulture)}.");
                default:
                    await heard(line);
                    break;
            }
        }
        return (done, null);
    }

    private static TrainerLine? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, ContractsJson.Default.TrainerLine) is { Event.Length: > 0 } line ? line : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The trainer that was named, or the one beside this program, or the one of the same build.</summary>
    private static string Find(string? named)
    {
        if (named is not null) return named;
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string[] places = [Path.Combine(here, "cvops-trainer"), Path.Combine(here, "trainer", "cvops-trainer"), Path.GetFullPath(Path.Combine(here, "..", "..", "CvOps.Trainer", Path.GetFileName(here), "cvops-trainer"))];
        return Array.Find(places, File.Exists) ?? "cvops-trainer";
    }

    private static string Tail(string text) => text.Trim() is var trimmed && trimmed.Length > LastWords ? trimmed[^LastWords..] : trimmed;
}

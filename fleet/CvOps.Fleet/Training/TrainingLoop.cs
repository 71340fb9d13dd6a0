using System.Threading.Channels;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Training.Gate;
using CvOps.Vision;
using CvOps.Vision.Packaging;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Training;

/// <summary>Works through the training runs, one at a time: export, train, pack, register, gate. A run that a restart cut off starts again.</summary>
internal sealed partial class TrainingLoop(
    Database database, IGrainFactory grains, DatasetStore datasets, ModelRegistry models, TrainerProcess trainer, GoldenComparison comparison, IOptions<FleetOptions> options, ILogger<TrainingLoop> logger)
    : BackgroundService
{
    private const string Duty = "training";
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    // A wake-up says only that there may be work; one that waits tells as much as ten.
    private readonly Channel<bool> _work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Wake() => _work.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Of several fleets one trains; when it is gone, another finds its unfinished run and begins that again.
        while (!await database.HasDutyAsync(Duty, stoppingToken)) await Task.Delay(LookAgain, stoppingToken);
        await WhenReachedAsync(() => ResumeAsync(stoppingToken), stoppingToken);
        Wake();
        if (database.IsShared) _ = RemindAsync(stoppingToken);
        await foreach (var _ in _work.Reader.ReadAllAsync(stoppingToken)) await WhenReachedAsync(() => WorkAsync(stoppingToken), stoppingToken);
    }

    private async Task WorkAsync(CancellationToken stopping)
    {
        foreach (var id in await grains.GetGrain<ITrainingQueueGrain>(ITrainingQueueGrain.Key).List())
            if (await grains.GetGrain<ITrainingGrain>(id).Read() is { State: TrainingState.Queued } run) await GuardAsync(run, TrainAndGateAsync, stopping);
    }

    /// <summary>The silo of a grain may have died a moment ago: it is asked again until the grain is somewhere else.</summary>
    private static async Task WhenReachedAsync(Func<Task> work, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception e) when (e is OrleansMessageRejectionException or TimeoutException)
            {
                await Task.Delay(LookAgain, stopping);
            }
        }
    }

    /// <summary>Runs that were asked for at another fleet wake nobody here.</summary>
    private async Task RemindAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(LookAgain);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping)) Wake();
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task ResumeAsync(CancellationToken stopping)
    {
        foreach (var id in await grains.GetGrain<ITrainingQueueGrain>(ITrainingQueueGrain.Key).List())
        {
            var grain = grains.GetGrain<ITrainingGrain>(id);
            if (await grain.Read() is not { State: TrainingState.Running or TrainingState.Packing or TrainingState.Gating }) continue;
            var run = await grain.Apply(new TrainingStep(TrainingEvent.FleetRestarted, "The fleet restarted; the run goes on."));
            if (run is { State: TrainingState.Gating, Model: { } model }) await GuardAsync(run, (view, token) => GateAsync(view, model, token), stopping);
        }
    }

    /// <summary>One run's trouble is that run's failure and never the loop's.</summary>
    private async Task GuardAsync(TrainingRunView run, Func<TrainingRunView, CancellationToken, Task> work, CancellationToken stopping)
    {
        try
        {
            await work(run, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The next start finds the run unfinished and goes on with it.
            throw;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.RunFailed(logger, e, run.Id);
            var known = e is TrainingException or ModelException or PackageException or PictureException or IOException or UnauthorizedAccessException;
            await grains.GetGrain<ITrainingGrain>(run.Id).Apply(new TrainingStep(TrainingEvent.Failed, known ? e.Message : $"The fleet failed at this run ({e.GetType().Name}); its log has the reason."));
        }
        finally
        {
            if (Directory.Exists(WorkFolder(run)) && !stopping.IsCancellationRequested) Directory.Delete(WorkFolder(run), recursive: true);
        }
    }

    private async Task TrainAndGateAsync(TrainingRunView run, CancellationToken stopping)
    {
        var grain = grains.GetGrain<ITrainingGrain>(run.Id);
        var work = WorkFolder(run);
        if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
        await grain.Apply(new TrainingStep(TrainingEvent.Started, "Trains."));
        if (await TrainAsync(run, grain, work, stopping) is { } failure)
        {
            await grain.Apply(new TrainingStep(TrainingEvent.Failed, failure));
            return;
        }
        await grain.Apply(new TrainingStep(TrainingEvent.Trained, "Packs and signs the model."));

        // A crash between the registration and this step left a model of this run behind: it is the one. Another fleet may have had a run of that name.
        var model = (await models.ListAsync(stopping)).FirstOrDefault(known => known.Model.Version == run.Request.Version
            && (known.Lineage.TrainingRun, known.Lineage.Dataset, known.Lineage.Parent) == (run.Id, run.Request.Dataset, run.Request.Parent))?.Model.Digest ?? await PackAsync(run, work, stopping);
        await grain.Apply(new TrainingStep(TrainingEvent.Packed, "Compares it with its parent on the golden set.", Model: model));
        await GateAsync(run, model, stopping);
    }

    private async Task GateAsync(TrainingRunView run, string model, CancellationToken stopping)
    {
        var gate = await comparison.CompareAsync(model, new GateRequest(run.Request.Parent), stopping)
            ?? throw new TrainingException("The parent left the registry while the run was going on.");
        await grains.GetGrain<ITrainingGrain>(run.Id).Apply(new TrainingStep(EventOf(gate.Verdict), gate.Reason, Gate: gate));
    }

    private string WorkFolder(TrainingRunView run) => Path.Combine(options.Value.Data, "training", run.Id);

    private async Task<string?> TrainAsync(TrainingRunView run, ITrainingGrain grain, string work, CancellationToken stopping)
    {
        var dataset = Path.Combine(work, "dataset");
        Directory.CreateDirectory(dataset);
        if (!await datasets.ExportAsync(run.Request.Dataset, dataset, stopping)) return $"There is no dataset snapshot {run.Request.Dataset}.";
        if (await models.FindAsync(run.Request.Parent, stopping) is not { } parent) return $"There is no model {run.Request.Parent}.";
        return (await trainer.RunAsync(run.Request, dataset, models.PackagePath(parent), Path.Combine(work, "out"), grain.Heard, stopping)).Failure;
    }

    private async Task<string> PackAsync(TrainingRunView run, string work, CancellationToken stopping)
    {
        var onnx = Path.Combine(work, "out", "model.onnx");
        if (!File.Exists(onnx)) throw new TrainingException("The trainer said that it was done and left no model.onnx.");
        if (options.Value.SigningKey is not { } keyFile) throw new TrainingException("The fleet has no key to sign models with: start it with --signing-key.");
        var parent = await models.OpenAsync(run.Request.Parent, stopping) ?? throw new TrainingException($"There is no model {run.Request.Parent}.");
        var package = Path.Combine(work, "model.cvmodel");
        using (var key = SigningKeys.Load(keyFile))
        {
            var pictures = Directory.EnumerateFiles(Path.Combine(work, "dataset", "images"), "*.jpg").Order(StringComparer.Ordinal).ToArray();
            PackageBuilder.Build(package, parent.Manifest with { Version = run.Request.Version }, await File.ReadAllBytesAsync(onnx, stopping), pictures, key,
                new Lineage(run.Request.Dataset, run.Id, run.Request.Parent, "cvops-trainer head"), parent);
        }
        await using var file = File.OpenRead(package);
        var outcome = await models.RegisterAsync(file, run.Request.By, stopping);
        return outcome.Model?.Model.Digest ?? throw new TrainingException(outcome.Refusal ?? "The registry refused the model.");
    }

    private static TrainingEvent EventOf(GateVerdict verdict) => verdict switch
    {
        GateVerdict.Passed => TrainingEvent.GatePassed,
        GateVerdict.Refused => TrainingEvent.GateRefused,
        _ => TrainingEvent.GateInconclusive,
    };

    private static partial class Log
    {
        [LoggerMessage(3301, LogLevel.Warning, "Training run {Id} failed")]
        public static partial void RunFailed(ILogger logger, Exception exception, string id);
    }
}

/// <summary>Why a run cannot go on, in a sentence for the person who started it.</summary>
internal sealed class TrainingException(string message) : Exception(message);

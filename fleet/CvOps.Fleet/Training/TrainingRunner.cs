using System.Threading.Channels;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Training.Gate;
using CvOps.Vision;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Training;

/// <summary>Why a run cannot go on, in a sentence for the person who started it.</summary>
internal sealed class TrainingException(string message) : Exception(message);

/// <summary>Takes one run from its dataset to the gate: lay out, train, look at what came, pack, register, compare.</summary>
internal sealed partial class TrainingRunner(
    IGrainFactory grains, DatasetStore datasets, ModelRegistry models, TrainerProcess process, TrainerCatalog trainers, TrainingTable table, ModelPacking packing, GoldenComparison comparison,
    BlobStore blobs, IOptions<FleetOptions> options, TimeProvider time, ILogger<TrainingRunner> logger)
{
    /// <summary>Starts of one run's trainer: what is killed so often needs a person.</summary>
    public const int MostAttempts = 5;

    private const int LinesAtOnce = 200;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns when the run has ended or waits for another attempt; one run's trouble is that run's failure alone.</summary>
    public async Task RunAsync(TrainingRunView run, CancellationToken stopping)
    {
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var watching = new CancellationTokenSource();
        var watch = WatchAsync(run.Id, cancelled, watching.Token);
        try
        {
            await (run.State == TrainingState.Gating ? GateAsync(run, run.Model!, cancelled.Token) : TrainAsync(run, cancelled.Token));
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            // Stopping: the next start goes on with it. Cancelled: the grain knows.
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OrleansMessageRejectionException or TimeoutException))
        {
            // What has a sentence of its own needs no stack.
            Log.RunFailed(logger, e is TrainingException ? null : e, run.Id, Sentence(e));
            await FailAsync(run.Id, Sentence(e));
        }
        finally
        {
            await watching.CancelAsync();
            await watch;
            if (!stopping.IsCancellationRequested) await CloseAsync(run);
        }
    }

    /// <summary>For who was asked for the run; a defect of ours says only where to look.</summary>
    public static string Sentence(Exception e) => e is TrainingException or ModelException or PackageException or PictureException or IOException or UnauthorizedAccessException
        ? e.Message
        : $"The fleet failed at this run ({e.GetType().Name}); its log has the reason.";

    /// <summary>From a trainer's result to the gate; the run is Packing.</summary>
    public async Task PackAndGateAsync(TrainingRunView run, RunFolder folder, CancellationToken cancel)
    {
        // A crash between the registration and this step left a model of this run behind: it is the one. Another fleet may have had a run of that name.
        var model = (await models.ListAsync(cancel)).FirstOrDefault(known => known.Model.Version == run.Request.Version
            && (known.Lineage.TrainingRun, known.Lineage.Dataset, known.Lineage.Parent) == (run.Id, run.Request.Dataset, run.Request.Parent))?.Model.Digest
            ?? await packing.PackAsync(run, folder, cancel);
        await grains.GetGrain<ITrainingGrain>(run.Id).Apply(new TrainingStep(TrainingEvent.Packed, "Compares it with its parent on the golden set.", Model: model));
        await GateAsync(run, model, cancel);
    }

    public async Task GateAsync(TrainingRunView run, string model, CancellationToken cancel)
    {
        var gate = await comparison.CompareAsync(model, new GateRequest(run.Request.Parent), cancel)
            ?? throw new TrainingException("The parent left the registry while the run was going on.");
        await grains.GetGrain<ITrainingGrain>(run.Id).Apply(new TrainingStep(EventOf(gate.Verdict), gate.Reason, Gate: gate));
    }

    public async Task FailAsync(string id, string reason)
    {
        var grain = grains.GetGrain<ITrainingGrain>(id);
        if (await grain.Read() is { } run && !TrainingMachine.IsEnded(run.State)) await grain.ApplyIf(run.State, new TrainingStep(TrainingEvent.Failed, reason));
    }

    public RunFolder FolderOf(TrainingRunView run) => new(options.Value.Data, run.Id, run.Search);

    /// <summary>Lays the dataset out, unless it lies there already.</summary>
    public async Task LayOutAsync(TrainingRunView run, RunFolder folder, CancellationToken cancel)
    {
        if (folder.HasDataset) return;
        // Beside its place first: a dataset that is there is whole.
        var beside = $"{folder.Dataset}.new";
        if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
        if (!await datasets.ExportAsync(run.Request.Dataset, Directory.CreateDirectory(beside).FullName, cancel)) throw new TrainingException($"There is no dataset snapshot {run.Request.Dataset}.");
        Directory.Move(beside, folder.Dataset);
    }

    private async Task TrainAsync(TrainingRunView run, CancellationToken cancel)
    {
        var grain = grains.GetGrain<ITrainingGrain>(run.Id);
        var folder = FolderOf(run);
        var trainer = trainers.Find(run.Request.Trainer) ?? throw new TrainingException($"The fleet has no trainer '{run.Request.Trainer}' any more.");
        await LeftTrainer.EndAsync(trainer, folder);
        var left = (run.Request.Budget?.WallTime is { } asked && asked < options.Value.TrainerTimeLimit ? asked : options.Value.TrainerTimeLimit) - run.Spent;
        if (left <= TimeSpan.Zero) throw new TrainingException($"Its time is used up: {run.Spent:g} were trained in {run.Attempts} attempts.");
        await LayOutAsync(run, folder, cancel);
        folder.Prepare(TrainingRule.ParametersOf(run.Request));
        if (!folder.HasCheckpoint) await table.ForgetMetricsAsync(run.Id, cancel);
        var parent = await models.FindAsync(run.Request.Parent, cancel) ?? throw new TrainingException($"There is no model {run.Request.Parent}.");
        if (await grain.ApplyIf(TrainingState.Queued, new TrainingStep(TrainingEvent.Started, folder.HasCheckpoint ? "Trains on from its checkpoint." : "Trains.", Fresh: !folder.HasCheckpoint)) is null) return;

        var outcome = await ListenAsync(run, grain, new TrainerJob(trainer, folder, Path.GetFullPath(models.PackagePath(parent)), run.Request.Seed, left), cancel);
        if (outcome is { Killed: true } && (await grain.Read())!.Attempts < MostAttempts)
        {
            await grain.ApplyIf(TrainingState.Running, new TrainingStep(TrainingEvent.TrainerKilled, folder.HasCheckpoint ? "The trainer was killed; it goes on from its checkpoint." : "The trainer was killed; it begins again."));
            return;
        }
        if (outcome.Failure is { } failure) throw new TrainingException(failure);

        if (run.Search is { } search) await MeasureAsync(run, search, grain);
        else if (await grain.ApplyIf(TrainingState.Running, new TrainingStep(TrainingEvent.Trained, "Looks at the model, packs and signs it.")) is { } packing) await PackAndGateAsync(packing, folder, cancel);
    }

    private async Task MeasureAsync(TrainingRunView run, string search, ITrainingGrain grain)
    {
        var metric = (await grains.GetGrain<ITrainingGrain>(search).Read())!.Request.Search!.Metric;
        var metrics = (await grain.Read())!.Metrics;
        if (!metrics.ContainsKey(metric)) throw new TrainingException($"The search ranks by '{metric}', which the trainer did not report; it reported {(metrics.Count == 0 ? "nothing" : string.Join(", ", metrics.Keys.Order(StringComparer.Ordinal)))}.");
        await grain.ApplyIf(TrainingState.Running, new TrainingStep(TrainingEvent.Measured, "Trained and measured."));
    }

    /// <summary>Trainers may say much in a short time: what has come by then is kept in one go.</summary>
    private async Task<TrainerOutcome> ListenAsync(TrainingRunView run, ITrainingGrain grain, TrainerJob job, CancellationToken cancel)
    {
        // A full queue holds the trainer up; none of its lines is lost.
        var lines = Channel.CreateBounded<TrainerLine>(new BoundedChannelOptions(LinesAtOnce) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true, SingleWriter = true });
        var keeping = KeepAsync(run, grain, lines.Reader);
        try
        {
            return await process.RunAsync(job, async line => await lines.Writer.WriteAsync(line, cancel), cancel);
        }
        finally
        {
            lines.Writer.Complete();
            await keeping;
        }
    }

    private async Task KeepAsync(TrainingRunView run, ITrainingGrain grain, ChannelReader<TrainerLine> lines)
    {
        long last = 0;
        while (await lines.WaitToReadAsync())
        {
            var (batch, metrics) = (new List<TrainerLine>(), new Dictionary<(string, long), TrainingMetric>());
            while (batch.Count < LinesAtOnce && lines.TryRead(out var line))
            {
                batch.Add(line);
                // Figures of the end belong to the last step.
                var step = last = Math.Max(line.Step ?? last, 0);
                if (line.Loss is { } loss) metrics[("loss", step)] = new TrainingMetric("loss", step, loss, time.GetUtcNow());
                foreach (var (name, value) in line.Metrics ?? new Dictionary<string, double>()) metrics[(name, step)] = new TrainingMetric(name, step, value, time.GetUtcNow());
            }
            await table.AddMetricsAsync(run.Id, [.. metrics.Values], CancellationToken.None);
            await grain.Heard(batch);
        }
    }

    private async Task WatchAsync(string id, CancellationTokenSource cancelled, CancellationToken over)
    {
        var grain = grains.GetGrain<ITrainingGrain>(id);
        try
        {
            while (true)
            {
                await Task.Delay(LookAgain, over);
                if (await grain.Read() is not { State: TrainingState.Cancelled }) continue;
                await cancelled.CancelAsync();
                return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or OrleansMessageRejectionException or TimeoutException)
        {
            // The run is over, or its grain can't be asked just now: it is asked at the run's next step.
        }
    }

    /// <summary>Of a run that ended only its log stays; a trial leaves its model to the search.</summary>
    private async Task CloseAsync(TrainingRunView run)
    {
        var grain = grains.GetGrain<ITrainingGrain>(run.Id);
        if (await grain.Read() is not { } now || !TrainingMachine.IsEnded(now.State)) return;
        var folder = FolderOf(run);
        if (File.Exists(folder.Log)) await grain.Logged(blobs.Put(await File.ReadAllBytesAsync(folder.Log)));
        if (now.State != TrainingState.Trained) folder.Delete();
    }

    private static TrainingEvent EventOf(GateVerdict verdict) => verdict switch
    {
        GateVerdict.Passed => TrainingEvent.GatePassed,
        GateVerdict.Refused => TrainingEvent.GateRefused,
        _ => TrainingEvent.GateInconclusive,
    };

    private static partial class Log
    {
        [LoggerMessage(3301, LogLevel.Warning, "Training run {Id} failed: {Reason}")]
        public static partial void RunFailed(ILogger logger, Exception? exception, string id, string reason);
    }
}

using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Models;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Training.Gate;
using CvOps.Vision;

namespace CvOps.Fleet.Training;

internal static class TrainingEndpoints
{
    private const int MostRuns = 1000;
    private const int MostMetrics = 10_000;

    public static void AddTraining(this IServiceCollection services)
    {
        services.AddSingleton<TrainerProcess>().AddSingleton<TrainerCatalog>().AddSingleton<TrainingTable>().AddSingleton<ModelPacking>().AddSingleton<TrainingRunner>().AddSingleton<TrainingSearchRunner>();
        services.AddSingleton<GoldenComparison>();
        services.AddSingleton<TrainingLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<TrainingLoop>());
    }

    public static void MapTraining(this IEndpointRouteBuilder api)
    {
        api.MapGet("/training", (string? search, string? after, int? limit, TrainingTable table, CancellationToken cancel) =>
            table.ListAsync(search, after, Math.Clamp(limit ?? MostRuns, 1, MostRuns), cancel));

        api.MapGet("/training/trainers", (TrainerCatalog trainers) => trainers.Names.ToArray());

        api.MapGet("/training/{id}", async (string id, IGrainFactory grains) => await FindAsync(id, grains) is { } run ? Results.Ok(run) : Problems.NotFound("training run", id));

        api.MapGet("/training/{id}/metrics", async (string id, string? name, string? after, int? limit, IGrainFactory grains, TrainingTable table, CancellationToken cancel) =>
            await FindAsync(id, grains) is not null
                ? Results.Ok(await table.MetricsAsync(id, name, after, Math.Clamp(limit ?? MostMetrics, 1, MostMetrics), cancel))
                : Problems.NotFound("training run", id));

        api.MapGet("/training/{id}/log", async (string id, IGrainFactory grains, TrainingRunner runner, BlobStore blobs) =>
            await FindAsync(id, grains) is not { } run ? Problems.NotFound("training run", id)
            : (run.Log is { } digest ? blobs.TryFind(digest) : runner.FolderOf(run).Log) is var path && File.Exists(path)
                // A running trainer writes on while it is read.
                ? Results.Stream(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), "text/plain; charset=utf-8")
                : Results.Text("", "text/plain"));

        api.MapPost("/training", async (TrainingRequest request, IGrainFactory grains, DatasetStore datasets, ModelRegistry models, TrainerCatalog trainers, TrainingLoop loop, CancellationToken cancel) =>
        {
            var mistakes = TrainingRule.Mistakes(request, trainers.Names).ToList();
            if (await datasets.FindViewAsync(request.Dataset, cancel) is null) mistakes.Add($"There is no dataset snapshot '{request.Dataset}': freeze the labels first.");
            if (await models.FindAsync(request.Parent, cancel) is not { } parent) return Problems.Unprocessable(string.Join(' ', mistakes.Append($"There is no model '{request.Parent}' to start from.")));
            if (mistakes.Count > 0) return Problems.Unprocessable(string.Join(' ', mistakes));
            if ((await models.ListAsync(cancel)).Any(model => model.Model.Name == parent.Model.Name && model.Model.Version == request.Version))
                return Problems.Conflict($"There is a {parent.Model.Name} {request.Version} already: choose another version.");
            var id = await grains.GetGrain<ITrainingQueueGrain>(ITrainingQueueGrain.Key).Add();
            var run = await grains.GetGrain<ITrainingGrain>(id).Create(request, null);
            loop.Wake();
            return Results.Created($"{ApiRoutes.Root}/training/{id}", run);
        });

        api.MapPost("/training/{id}/cancel", async (string id, TrainingCancellation cancellation, IGrainFactory grains, TrainingLoop loop) =>
        {
            if (string.IsNullOrWhiteSpace(cancellation.By)) return Problems.Unprocessable("Say who cancels (by).");
            if (await FindAsync(id, grains) is not { } run) return Problems.NotFound("training run", id);
            if (TrainingMachine.IsCancellable(run.State)
                && await grains.GetGrain<ITrainingGrain>(id).ApplyIf(run.State, new TrainingStep(TrainingEvent.Cancelled, Reason(cancellation), By: cancellation.By)) is { } cancelled)
            {
                loop.Wake();
                return Results.Ok(cancelled);
            }
            return Problems.Conflict(TrainingMachine.IsEnded(run.State) ? $"The run is over: it ended as {run.State}." : "The model is trained and being registered or judged: that can't be taken back. Revoke the model if it must not be used.");
        });

        api.MapPost("/models/{digest}/gate", async (string digest, GateRequest request, GoldenComparison comparison, CancellationToken cancel) =>
        {
            if (request.NonInferiorityMargin is not (> 0 and < 1) || request.CalibrationMargin is not (> 0 and < 1)) return Problems.Unprocessable("The margins must lie between 0 and 1.");
            if (!(request.MostLatency >= 1) || !(request.MostBytes >= 1)) return Problems.Unprocessable("The challenger must at least be allowed what the champion costs: give 1 or more times its latency and bytes.");
            try
            {
                return await comparison.CompareAsync(digest, request, cancel) is { } result
                    ? Results.Ok(result)
                    : Problems.NotFound("model", $"{digest}' or '{request.Champion}");
            }
            catch (ModelException e)
            {
                return Problems.Unprocessable(e.Message);
            }
        });
    }

    private static async Task<TrainingRunView?> FindAsync(string id, IGrainFactory grains) => Identifier.IsValid(id) ? await grains.GetGrain<ITrainingGrain>(id).Read() : null;

    private static string Reason(TrainingCancellation cancellation) =>
        string.IsNullOrWhiteSpace(cancellation.Reason) ? $"Cancelled by {cancellation.By}." : $"Cancelled by {cancellation.By}: {cancellation.Reason}";
}

using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;
using CvOps.Fleet.Datasets;
using CvOps.Fleet.Models;
using CvOps.Fleet.Training.Gate;
using CvOps.Vision;

namespace CvOps.Fleet.Training;

internal static class TrainingEndpoints
{
    public static void AddTraining(this IServiceCollection services)
    {
        services.AddSingleton<TrainerProcess>();
        services.AddSingleton<GoldenComparison>();
        services.AddSingleton<TrainingLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<TrainingLoop>());
    }

    public static void MapTraining(this IEndpointRouteBuilder api)
    {
        api.MapGet("/training", (IGrainFactory grains) => ReadAllAsync(grains));

        api.MapGet("/training/{id}", async (string id, IGrainFactory grains) =>
            Identifier.IsValid(id) && await grains.GetGrain<ITrainingGrain>(id).Read() is { } run ? Results.Ok(run) : Problems.NotFound("training run", id));

        api.MapPost("/training", async (TrainingRequest request, IGrainFactory grains, DatasetStore datasets, ModelRegistry models, TrainingLoop loop, CancellationToken cancel) =>
        {
            if (await datasets.FindAsync(request.Dataset, cancel) is null) return Problems.Unprocessable($"There is no dataset snapshot '{request.Dataset}': freeze the labels first.");
            if (await models.FindAsync(request.Parent, cancel) is not { } parent) return Problems.Unprocessable($"There is no model '{request.Parent}' to start from.");
            if (string.IsNullOrWhiteSpace(request.Version) || string.IsNullOrWhiteSpace(request.By)) return Problems.Unprocessable("Give the new model a version and say who asks (by).");
            if (!(request.L2 >= 0) || !double.IsFinite(request.L2)) return Problems.Unprocessable($"The L2 penalty must be 0 or more, not {request.L2}.");
            if ((await models.ListAsync(cancel)).Any(model => model.Model.Name == parent.Model.Name && model.Model.Version == request.Version))
                return Problems.Conflict($"There is a {parent.Model.Name} {request.Version} already: choose another version.");
            var id = await grains.GetGrain<ITrainingQueueGrain>(ITrainingQueueGrain.Key).Add();
            var run = await grains.GetGrain<ITrainingGrain>(id).Create(request);
            loop.Wake();
            return Results.Created($"{ApiRoutes.Root}/training/{id}", run);
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

    /// <summary>Newest first.</summary>
    public static async Task<TrainingRunView[]> ReadAllAsync(IGrainFactory grains)
    {
        var runs = new List<TrainingRunView>();
        foreach (var id in await grains.GetGrain<ITrainingQueueGrain>(ITrainingQueueGrain.Key).List())
            if (await grains.GetGrain<ITrainingGrain>(id).Read() is { } run) runs.Add(run);
        runs.Reverse();
        return [.. runs];
    }
}

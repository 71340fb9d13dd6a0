using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Testing;
using static CvOps.Fleet.Tests.Training.TrainingKit;

namespace CvOps.Fleet.Tests.Training;

/// <summary>Runs from the request to the gate, with real models and a trainer that is a real process and does what the test wants.</summary>
public sealed class TrainingLoopTests
{
    [Fact]
    public async Task A_run_trains_packs_registers_and_is_refused_by_the_golden_set()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, $"mkdir -p $OUT && cp {fleet.InFolder("trained.onnx")} $OUT/model.onnx && echo '{{\"event\":\"progress\",\"step\":1,\"loss\":0.5}}' && echo '{{\"event\":\"done\"}}'");
        await File.WriteAllBytesAsync(fleet.InFolder("trained.onnx"), TinyOnnx.MeanColourClassifier(Side, Side, BlindToGreen, [0, 0, 0]), TestContext.Current.CancellationToken);
        var run = await TrainAsync(fleet, request, TrainingState.Refused);
        Assert.Contains("blind to green", run.Reason, StringComparison.Ordinal);
        Assert.Equal([new TrainingPoint(1, 0.5)], run.Curve);
        var model = await fleet.Http.GetFromJsonAsync($"models/{run.Model}", ContractsJson.Default.ModelView, TestContext.Current.CancellationToken);
        Assert.Equal(("colour", "2", request.Dataset, "run-1", request.Parent), (model!.Model.Name, model.Model.Version, model.Lineage.Dataset, model.Lineage.TrainingRun, model.Lineage.Parent));
        await Eventually.Async(() => !Directory.Exists(Path.Combine(fleet.Options.Data, "training", "run-1")), TimeSpan.FromSeconds(10), () => "the work folder is left", TestContext.Current.CancellationToken);

        // Its version is taken now.
        var again = await fleet.Http.PostAsJsonAsync("training", request, ContractsJson.Default.TrainingRequest, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
    }

    [Fact]
    public async Task A_trainer_without_a_model_and_one_with_something_else_than_a_model_fail_the_run_and_not_the_next()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, "echo '{\"event\":\"done\"}'");
        Assert.Contains("left no model.onnx", (await TrainAsync(fleet, request, TrainingState.Failed)).Reason, StringComparison.Ordinal);
        Write(fleet, "mkdir -p $OUT && echo nonsense > $OUT/model.onnx && echo '{\"event\":\"done\"}'");
        Assert.NotEmpty((await TrainAsync(fleet, request, TrainingState.Failed, "run-2")).Reason);
        Assert.Single((await fleet.Http.GetFromJsonAsync("models", ContractsJson.Default.ModelViewArray, TestContext.Current.CancellationToken))!);
    }

    [Fact]
    public async Task A_run_that_the_fleets_end_cut_off_starts_again()
    {
        await using var fleet = await StartAsync();
        var (begun, trained) = (fleet.InFolder("begun"), fleet.InFolder("trained.onnx"));
        await File.WriteAllBytesAsync(trained, TinyOnnx.MeanColourClassifier(Side, Side, Right, [0, 0, 0]), TestContext.Current.CancellationToken);
        var request = await PrepareAsync(fleet, $"if [ ! -e {begun} ]; then touch {begun}; exec sleep 600; fi; mkdir -p $OUT && cp {trained} $OUT/model.onnx && echo '{{\"event\":\"done\"}}'");
        await PostAsync(fleet, request);
        await Eventually.Async(() => File.Exists(begun), TimeSpan.FromSeconds(20), () => "no trainer", TestContext.Current.CancellationToken);
        await fleet.RestartFleetAsync();
        var run = await UntilAsync(fleet, TrainingState.Inconclusive);
        Assert.Contains("too small to tell", run.Reason, StringComparison.Ordinal);
        Assert.Equal(0, run.Gate!.Difference.Estimate);
    }
}

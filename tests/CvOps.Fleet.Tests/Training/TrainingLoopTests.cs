using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Fleet.Tests.Training;

/// <summary>Runs from the request to the gate, with real models and a trainer that is a real process and does what the test wants.</summary>
public sealed class TrainingLoopTests
{
    private const int Side = 8;
    private static readonly string[] Classes = ["blue", "green", "red"];

    /// <summary>Weights [channel B, G, R by class]: every picture is the class of its colour.</summary>
    private static readonly float[] Right = [9, 0, 0, 0, 9, 0, 0, 0, 9];

    /// <summary>Green is taken for red.</summary>
    private static readonly float[] BlindToGreen = [9, 0, 0, 0, 0, 9, 0, 0, 9];

    [Fact]
    public async Task A_run_trains_packs_registers_and_is_refused_by_the_golden_set()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, $"mkdir -p $7 && cp {fleet.InFolder("trained.onnx")} $7/model.onnx && echo '{{\"event\":\"progress\",\"step\":1,\"loss\":0.5}}' && echo '{{\"event\":\"done\"}}'");
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
        Write(fleet, "mkdir -p $7 && echo nonsense > $7/model.onnx && echo '{\"event\":\"done\"}'");
        Assert.NotEmpty((await TrainAsync(fleet, request, TrainingState.Failed, "run-2")).Reason);
        Assert.Single((await fleet.Http.GetFromJsonAsync("models", ContractsJson.Default.ModelViewArray, TestContext.Current.CancellationToken))!);
    }

    [Fact]
    public async Task A_run_that_the_fleets_end_cut_off_starts_again()
    {
        await using var fleet = await StartAsync();
        var (begun, trained) = (fleet.InFolder("begun"), fleet.InFolder("trained.onnx"));
        await File.WriteAllBytesAsync(trained, TinyOnnx.MeanColourClassifier(Side, Side, Right, [0, 0, 0]), TestContext.Current.CancellationToken);
        var request = await PrepareAsync(fleet, $"if [ ! -e {begun} ]; then touch {begun}; exec sleep 600; fi; mkdir -p $7 && cp {trained} $7/model.onnx && echo '{{\"event\":\"done\"}}'");
        await PostAsync(fleet, request);
        await Eventually.Async(() => File.Exists(begun), TimeSpan.FromSeconds(20), () => "no trainer", TestContext.Current.CancellationToken);
        await fleet.RestartFleetAsync();
        var run = await UntilAsync(fleet, TrainingState.Inconclusive);
        Assert.Contains("too small to tell", run.Reason, StringComparison.Ordinal);
        Assert.Equal(0, run.Gate!.Difference.Estimate);
    }

    private static Task<FleetHost> StartAsync() => FleetHost.StartAsync(options => options.Trainer = Path.Combine(Path.GetDirectoryName(options.Data)!, "trainer.sh"));

    /// <summary>A parent that is right, sixty golden pictures, and a dataset to train on.</summary>
    private static async Task<TrainingRequest> PrepareAsync(FleetHost fleet, string trainer)
    {
        Write(fleet, trainer);
        var manifest = new ModelManifest
        {
            Name = "colour", Version = "1", Task = ModelTask.Classification, Classes = Classes, Input = new InputSpec { Name = "images", Width = Side, Height = Side, Channels = ChannelOrder.Bgr },
            Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"], Embedding = "embedding" },
        };
        var package = fleet.InFolder("parent.cvmodel");
        PackageBuilder.Build(package, manifest, TinyOnnx.MeanColourClassifier(Side, Side, Right, [0, 0, 0]), [], fleet.SigningKey);
        var answer = await fleet.Http.PostAsync("models", new ByteArrayContent(await File.ReadAllBytesAsync(package, TestContext.Current.CancellationToken)), TestContext.Current.CancellationToken);
        var parent = (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, TestContext.Current.CancellationToken))!.Model;
        for (var picture = 0; picture < 63; picture++)
        {
            var import = new FrameImport(Picture(picture % 3, 120 + 2 * picture), Classes[picture % 3], "operator", picture < 60 ? FrameUse.Golden : FrameUse.Training, $"part-{picture}");
            Assert.Equal(HttpStatusCode.OK, (await fleet.Http.PostAsJsonAsync("frames", import, ContractsJson.Default.FrameImport, TestContext.Current.CancellationToken)).StatusCode);
        }
        var frozen = await fleet.Http.PostAsJsonAsync("datasets", new SnapshotRequest("all", "operator"), ContractsJson.Default.SnapshotRequest, TestContext.Current.CancellationToken);
        var dataset = await frozen.Content.ReadFromJsonAsync(ContractsJson.Default.DatasetView, TestContext.Current.CancellationToken);
        return new TrainingRequest(dataset!.Digest, parent.Digest, "2", "operator");
    }

    private static byte[] Picture(int channel, int value)
    {
        var bgr = new byte[16 * 16 * 3];
        for (var at = channel; at < bgr.Length; at += 3) bgr[at] = (byte)value;
        return JpegCodec.Encode(new PictureView(bgr, 16, 16, PixelFormat.Bgr24));
    }

    private static void Write(FleetHost fleet, string script)
    {
        File.WriteAllText(fleet.Options.Trainer!, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(fleet.Options.Trainer!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static async Task<TrainingRunView> TrainAsync(FleetHost fleet, TrainingRequest request, TrainingState end, string id = "run-1")
    {
        await PostAsync(fleet, request);
        return await UntilAsync(fleet, end, id);
    }

    private static async Task PostAsync(FleetHost fleet, TrainingRequest request)
    {
        var answer = await fleet.Http.PostAsJsonAsync("training", request, ContractsJson.Default.TrainingRequest, TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<TrainingRunView> UntilAsync(FleetHost fleet, TrainingState end, string id = "run-1")
    {
        TrainingRunView? seen = null;
        await Eventually.Async(async () => (seen = await fleet.Http.GetFromJsonAsync($"training/{id}", ContractsJson.Default.TrainingRunView, TestContext.Current.CancellationToken))!.State == end,
            TimeSpan.FromSeconds(30), () => $"{seen?.State}: {seen?.Reason}; wanted {end}", TestContext.Current.CancellationToken);
        return seen!;
    }
}

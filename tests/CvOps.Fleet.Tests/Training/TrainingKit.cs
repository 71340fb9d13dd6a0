using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Fleet.Tests.Training;

/// <summary>A fleet whose trainer is a shell script that does what a test wants, a parent that tells colours apart, and pictures to train and to judge on.</summary>
internal static class TrainingKit
{
    public const int Side = 8;
    public static readonly string[] Classes = ["blue", "green", "red"];

    /// <summary>Weights [channel B, G, R by class]: every picture is the class of its colour.</summary>
    public static readonly float[] Right = [9, 0, 0, 0, 9, 0, 0, 0, 9];

    /// <summary>The head's first word is its own; the options follow.</summary>
    public const string Arguments = """shift; while [ $# -gt 0 ]; do case $1 in --out) OUT=$2;; --checkpoints) CHECKPOINTS=$2;; --parameters) PARAMETERS=$2;; --resume) RESUME=yes;; esac; shift; done""";

    /// <summary>Green is taken for red.</summary>
    public static readonly float[] BlindToGreen = [9, 0, 0, 0, 0, 9, 0, 0, 9];

    public static Task<FleetHost> StartAsync(Action<FleetOptions>? set = null) => FleetHost.StartAsync(options =>
    {
        options.Trainer = Path.Combine(Path.GetDirectoryName(options.Data)!, "trainer.sh");
        set?.Invoke(options);
    });

    /// <summary>Shell words that leave a model and say so.</summary>
    public static string Deliver(FleetHost fleet, float[] weights)
    {
        File.WriteAllBytes(fleet.InFolder("trained.onnx"), TinyOnnx.MeanColourClassifier(Side, Side, weights, [0, 0, 0]));
        return $$"""mkdir -p $OUT; cp {{fleet.InFolder("trained.onnx")}} $OUT/model.onnx; echo '{"event":"done"}'""";
    }

    /// <summary>A parent that is right, sixty golden pictures, and a dataset to train on.</summary>
    public static async Task<TrainingRequest> PrepareAsync(FleetHost fleet, string trainer, int training = 3)
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
        for (var picture = 0; picture < 60 + training; picture++)
        {
            var import = new FrameImport(Picture(picture % 3, 60 + picture), Classes[picture % 3], "operator", picture < 60 ? FrameUse.Golden : FrameUse.Training, $"part-{picture}");
            Assert.Equal(HttpStatusCode.OK, (await fleet.Http.PostAsJsonAsync("frames", import, ContractsJson.Default.FrameImport, TestContext.Current.CancellationToken)).StatusCode);
        }
        var frozen = await fleet.Http.PostAsJsonAsync("datasets", new SnapshotRequest("all", "operator"), ContractsJson.Default.SnapshotRequest, TestContext.Current.CancellationToken);
        var dataset = await frozen.Content.ReadFromJsonAsync(ContractsJson.Default.DatasetView, TestContext.Current.CancellationToken);
        return new TrainingRequest(dataset!.Digest, parent.Digest, "2", "operator");
    }

    public static byte[] Picture(int channel, int value)
    {
        var bgr = new byte[16 * 16 * 3];
        for (var at = channel; at < bgr.Length; at += 3) bgr[at] = (byte)value;
        return JpegCodec.Encode(new PictureView(bgr, 16, 16, PixelFormat.Bgr24));
    }

    public static void Write(FleetHost fleet, string script)
    {
        File.WriteAllText(fleet.Options.Trainer!, $"#!/bin/sh\n{Arguments}\n{script}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(fleet.Options.Trainer!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public static async Task<TrainingRunView> TrainAsync(FleetHost fleet, TrainingRequest request, TrainingState end, string id = "run-1")
    {
        await PostAsync(fleet, request);
        return await UntilAsync(fleet, end, id);
    }

    public static async Task PostAsync(FleetHost fleet, TrainingRequest request)
    {
        var answer = await fleet.Http.PostAsJsonAsync("training", request, ContractsJson.Default.TrainingRequest, TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public static async Task<TrainingRunView> UntilAsync(FleetHost fleet, TrainingState end, string id = "run-1")
    {
        TrainingRunView? seen = null;
        await Eventually.Async(async () =>
        {
            using var answer = await fleet.Http.GetAsync($"training/{id}", TestContext.Current.CancellationToken);
            // A search makes its trials in a while.
            if (answer.StatusCode == HttpStatusCode.NotFound) return false;
            seen = await answer.Content.ReadFromJsonAsync(ContractsJson.Default.TrainingRunView, TestContext.Current.CancellationToken);
            return seen!.State == end;
        }, TimeSpan.FromSeconds(60), () => $"{seen?.State}: {seen?.Reason}; wanted {end}", TestContext.Current.CancellationToken);
        return seen!;
    }
}

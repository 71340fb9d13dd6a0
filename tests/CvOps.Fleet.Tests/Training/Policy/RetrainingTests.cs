using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Tests.Rollouts;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Fleet.Tests.Training.Policy;

/// <summary>Labels to a drafted rollout without a person's hand, with real models and a trainer that is a real process.</summary>
public sealed class RetrainingTests
{
    private const int Side = 8;
    private const string Plan = "name: steel by itself\ntarget: everything\nrings:\n  - name: canary\n    count: 1\n";
    private static readonly string[] Classes = ["blue", "green", "red"];
    private static readonly float[] Right = [9, 0, 0, 0, 9, 0, 0, 0, 9];

    [Fact]
    public async Task Labels_start_a_training_whose_result_is_drafted_as_a_rollout_and_the_ledger_says_what_each_label_cost_and_removed()
    {
        await using var fleet = await StartAsync();
        // A champion that takes half of the greens for red, and a trainer that mends it.
        var champion = await PrepareAsync(fleet, [9, 0, 0, 0, 9, 9.4f, 0, 0, 9], Right);
        await using var device = await LineAsync(fleet, champion);
        Assert.Equal(HttpStatusCode.OK, (await SetAsync(fleet, new RetrainingPolicy { Model = "colour", By = "op", Labels = 4, LeastLabels = 1, Plan = Plan, LabellingHour = 36, Parameters = new Dictionary<string, JsonElement> { ["hidden"] = JsonSerializer.SerializeToElement(4) } })).StatusCode);
        var waits = await PolicyAsync(fleet);
        Assert.Equal((0, "waits for 4 more labels, or for an alarm of drift"), (waits.NewLabels, waits.Says));
        for (var label = 0; label < 4; label++) await ImportAsync(fleet, label % 3, 30 + label, FrameUse.Training, $"new-{label}");
        var entry = await EndedAsync(fleet);
        Assert.Equal((RetrainingState.Passed, 4, champion, "retraining-1"), (entry.State, entry.NewLabels, entry.Parent, entry.Id));
        Assert.Equal(RetrainingTrigger.Labels, Assert.Single(entry.Evidence).Trigger);
        Assert.Equal(0, entry.ErrorAfter);
        var run = await fleet.Http.GetFromJsonAsync($"training/{entry.Run}", ContractsJson.Default.TrainingRunView, TestContext.Current.CancellationToken);
        Assert.Equal(4, run!.Request.Parameters!["hidden"].GetInt32());
        Assert.InRange(entry.ErrorBefore!.Value, 0.05, 0.35);
        Assert.Equal(entry.ErrorBefore!.Value / 4, entry.ErrorRemovedPerLabel!.Value, 9);
        Assert.Equal(entry.SecondsPerLabel!.Value * 36 / 3600 * 4, entry.Cost!.Value, 9);
        var rollout = await fleet.Http.GetFromJsonAsync($"rollouts/{entry.Rollout}", ContractsJson.Default.RolloutView, TestContext.Current.CancellationToken);
        Assert.Equal((RolloutState.Draft, "steel by itself: colour retrained-1", "retraining-1"), (rollout!.State, rollout.Plan.Name, rollout.CreatedBy));
        // Answered once; the policy waits for the next labels.
        Assert.Equal(0, (await PolicyAsync(fleet)).NewLabels);
    }

    [Fact]
    public async Task A_training_that_the_fleets_end_cut_off_goes_on_and_is_not_begun_twice()
    {
        await using var fleet = await StartAsync();
        await PrepareAsync(fleet, Right, Right, $"if [ ! -e {fleet.InFolder("begun")} ]; then touch {fleet.InFolder("begun")}; exec sleep 600; fi; ");
        await SetAsync(fleet, new RetrainingPolicy { Model = "colour", By = "op", LeastLabels = 1 });
        await ImportAsync(fleet, 0, 33, FrameUse.Training, "new");
        await AskAsync(fleet, "first supplier");
        await AskAsync(fleet, "second supplier");
        await Eventually.Async(() => File.Exists(fleet.InFolder("begun")), TimeSpan.FromSeconds(30), () => "no trainer", TestContext.Current.CancellationToken);
        await fleet.RestartFleetAsync();
        var entry = await EndedAsync(fleet);
        Assert.Equal((RetrainingState.Passed, 1, (string?)null), (entry.State, (await LedgerAsync(fleet)).Length, entry.Rollout));
        Assert.Equal(["op: first supplier", "op: second supplier"], entry.Evidence.Select(evidence => evidence.Says));
        Assert.Single((await fleet.Http.GetFromJsonAsync("training", ContractsJson.Default.TrainingRunViewArray, TestContext.Current.CancellationToken))!);
    }

    [Fact]
    public async Task A_policy_with_mistakes_is_refused_with_all_of_them_and_a_model_without_a_champion_says_what_to_do()
    {
        await using var fleet = await StartAsync();
        await PrepareAsync(fleet, Right, Right, champion: false);
        var refused = await SetAsync(fleet, new RetrainingPolicy { Model = "colour", By = "op", Labels = 0, Trainer = "nobody", Plan = "name: x\nrigns: []\n" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        var text = await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("labels", text, StringComparison.Ordinal);
        Assert.Contains("There is no trainer 'nobody'; there are head, torch", text, StringComparison.Ordinal);
        Assert.Contains("rigns", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.PostAsJsonAsync("retraining/policies/colour/start", new RetrainingRequest("op", "x"), ContractsJson.Default.RetrainingRequest, TestContext.Current.CancellationToken)).StatusCode);
        await SetAsync(fleet, new RetrainingPolicy { Model = "colour", By = "op", LeastLabels = 1 });
        await ImportAsync(fleet, 0, 33, FrameUse.Training, "new");
        await AskAsync(fleet, "try");
        var entry = await EndedAsync(fleet);
        Assert.Equal(RetrainingState.Failed, entry.State);
        Assert.Contains("cvops model alias colour@champion", entry.Reason, StringComparison.Ordinal);
    }

    private static Task<FleetHost> StartAsync() => FleetHost.StartAsync(options => options.Trainer = Path.Combine(Path.GetDirectoryName(options.Data)!, "trainer.sh"));

    /// <summary>A registered champion, golden pictures enough to tell, and a trainer whose model has other weights.</summary>
    private static async Task<string> PrepareAsync(FleetHost fleet, float[] weights, float[] trained, string before = "", bool champion = true)
    {
        var token = TestContext.Current.CancellationToken;
        var onnx = fleet.InFolder("trained.onnx");
        await File.WriteAllBytesAsync(onnx, TinyOnnx.MeanColourClassifier(Side, Side, trained, [0, 0, 0]), token);
        await File.WriteAllTextAsync(fleet.Options.Trainer!, $"#!/bin/sh\n{before}mkdir -p $7 && cp {onnx} $7/model.onnx && echo '{{\"event\":\"done\"}}'\n", token);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(fleet.Options.Trainer!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var manifest = new ModelManifest
        {
            Name = "colour", Version = "1", Task = ModelTask.Classification, Classes = Classes, Input = new InputSpec { Name = "images", Width = Side, Height = Side, Channels = ChannelOrder.Bgr },
            Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"], Embedding = "embedding" },
        };
        PackageBuilder.Build(fleet.InFolder("1.cvmodel"), manifest, TinyOnnx.MeanColourClassifier(Side, Side, weights, [0, 0, 0]), [], fleet.SigningKey);
        var answer = await fleet.Http.PostAsync("models", new ByteArrayContent(await File.ReadAllBytesAsync(fleet.InFolder("1.cvmodel"), token)), token);
        var digest = (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, token))!.Model.Digest;
        if (champion) Assert.Equal(HttpStatusCode.OK, (await fleet.Http.PutAsJsonAsync("aliases/colour/champion", new AliasRequest(digest, "op", "first"), ContractsJson.Default.AliasRequest, token)).StatusCode);
        for (var picture = 0; picture < 210; picture++) await ImportAsync(fleet, picture % 3, 40 + picture, FrameUse.Golden, $"golden-{picture}");
        return digest;
    }

    /// <summary>A device for the plan to reach, which runs the champion.</summary>
    private static async Task<TestDevice> LineAsync(FleetHost fleet, string champion)
    {
        var device = await fleet.ConnectDeviceAsync("press-1");
        await device.SayOnlineAsync();
        await RolloutLine.ReportAsync(device, new ModelRef("colour", "1", champion), null, UpdateState.Idle);
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, TestContext.Current.CancellationToken))!
            .Any(view => view.Reported?.Model.Active is not null), "the device's model");
        return device;
    }

    private static async Task ImportAsync(FleetHost fleet, int channel, int value, FrameUse use, string part)
    {
        var bgr = new byte[16 * 16 * 3];
        for (var at = channel; at < bgr.Length; at += 3) bgr[at] = (byte)value;
        var import = new FrameImport(JpegCodec.Encode(new PictureView(bgr, 16, 16, PixelFormat.Bgr24)), Classes[channel], "ann", use, part);
        Assert.Equal(HttpStatusCode.OK, (await fleet.Http.PostAsJsonAsync("frames", import, ContractsJson.Default.FrameImport, TestContext.Current.CancellationToken)).StatusCode);
    }

    private static Task<HttpResponseMessage> SetAsync(FleetHost fleet, RetrainingPolicy policy) =>
        fleet.Http.PutAsJsonAsync("retraining/policies/colour", policy, ContractsJson.Default.RetrainingPolicy, TestContext.Current.CancellationToken);

    private static async Task AskAsync(FleetHost fleet, string reason) => Assert.Equal(HttpStatusCode.OK,
        (await fleet.Http.PostAsJsonAsync("retraining/policies/colour/start", new RetrainingRequest("op", reason), ContractsJson.Default.RetrainingRequest, TestContext.Current.CancellationToken)).StatusCode);

    private static async Task<RetrainingView> PolicyAsync(FleetHost fleet) => Assert.Single((await fleet.Http.GetFromJsonAsync("retraining/policies", ContractsJson.Default.RetrainingViewArray, TestContext.Current.CancellationToken))!);

    private static async Task<RetrainingEntry[]> LedgerAsync(FleetHost fleet) => (await fleet.Http.GetFromJsonAsync("retraining", ContractsJson.Default.RetrainingEntryArray, TestContext.Current.CancellationToken))!;

    private static async Task<RetrainingEntry> EndedAsync(FleetHost fleet)
    {
        RetrainingEntry? entry = null;
        await FleetHost.UntilAsync(async () => (entry = (await LedgerAsync(fleet)).FirstOrDefault()) is { FinishedAt: not null }, "the training's end");
        return entry!;
    }
}

using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Rollouts;

/// <summary>A fleet with two models and some devices that run the first; the test says what the devices say.</summary>
internal sealed class RolloutLine : IAsyncDisposable
{
    private RolloutLine(FleetHost fleet, ModelRef old, ModelRef young) => (Fleet, Old, New) = (fleet, old, young);

    public FleetHost Fleet { get; }

    public ModelRef Old { get; }

    public ModelRef New { get; }

    public List<TestDevice> Devices { get; } = [];

    /// <param name="fleet">Null: one of its own.</param>
    public static async Task<RolloutLine> StartAsync(int devices, FleetHost? fleet = null)
    {
        fleet ??= await FleetHost.StartAsync();
        var line = new RolloutLine(fleet, await RegisterAsync(fleet, "1"), await RegisterAsync(fleet, "2"));
        for (var number = 1; number <= devices; number++)
        {
            var device = await fleet.ConnectDeviceAsync($"line-{number}");
            line.Devices.Add(device);
            await device.SayOnlineAsync();
            await ReportAsync(device, line.Old, null, UpdateState.Idle);
        }
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, TestContext.Current.CancellationToken))!
            .Count(view => view.Reported?.Model.Active is not null) == devices, "devices that report a model");
        return line;
    }

    public RolloutPlan Plan(params RolloutRing[] rings) => new()
    {
        Name = "second", Model = New.Digest, Everything = true, Rings = rings, Soak = new Soak(0, 50, 600), Guardrails = new Guardrails { NonInferiorityMargin = 0.1 },
    };

    public async Task<RolloutView> CreateAsync(RolloutPlan plan)
    {
        var answer = await Fleet.Http.PostAsJsonAsync("rollouts", plan, ContractsJson.Default.RolloutPlan, TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.RolloutView, TestContext.Current.CancellationToken))!;
    }

    public async Task<RolloutView> ReadAsync() => (await Fleet.Http.GetFromJsonAsync("rollouts/rollout-1", ContractsJson.Default.RolloutView, TestContext.Current.CancellationToken))!;

    public Task<HttpResponseMessage> ActAsync(string verb, string by = "operator") =>
        Fleet.Http.PostAsJsonAsync($"rollouts/rollout-1/{verb}", new RolloutAction(by, "a test"), ContractsJson.Default.RolloutAction, TestContext.Current.CancellationToken);

    public async Task<RolloutView> UntilAsync(Func<RolloutView, bool> wanted, string what)
    {
        RolloutView? seen = null;
        await Eventually.Async(async () => wanted(seen = await ReadAsync()), TimeSpan.FromSeconds(20),
            () => $"{seen?.State}: {seen?.Reason}, {seen?.Evidence.Parts} parts, {seen?.Evidence.Pairs} pairs, promote {seen?.Evidence.PromoteEvidence}; wanted {what}", TestContext.Current.CancellationToken);
        return seen!;
    }

    public Task<RolloutView> UntilAsync(RolloutState state) => UntilAsync(view => view.State == state, $"{state}");

    /// <summary>Waits until the device is to have this model.</summary>
    public static async Task<TwinDesired> UntilDesiredAsync(TestDevice device, ModelRef model, bool compare)
    {
        await Eventually.Async(() => device.Desired?.Model is { } wanted && wanted.Model == model && wanted.CompareWithPrevious == compare, TimeSpan.FromSeconds(20),
            () => $"{device.Id} should have {device.Desired}; wanted {model.Version}, compare {compare}", TestContext.Current.CancellationToken);
        return device.Desired!;
    }

    /// <summary>The device gets what it should have, and has it.</summary>
    public async Task TakeOverAsync(TestDevice device)
    {
        await UntilDesiredAsync(device, New, compare: true);
        await ReportAsync(device, New, Old, UpdateState.Committed);
    }

    public static Task ReportAsync(TestDevice device, ModelRef active, ModelRef? previous, UpdateState state, string? reason = null) => device.SendAsync(device.Topics.TwinReported, new TwinReported
    {
        DesiredVersion = device.Desired?.Version ?? 0, Boot = 1, At = DateTimeOffset.UnixEpoch.AddDays(20_000), AgentVersion = "1.0", Provider = "CPU", Cameras = [],
        Model = new ReportedModel { State = state, Active = active, Previous = previous, Target = device.Desired?.Model?.Model.Digest, Reason = reason },
    }, ContractsJson.Default.TwinReported, retain: true);

    /// <summary>Frames that both models saw, the new one in charge.</summary>
    public async Task<List<InspectionReport>> InspectAsync(TestDevice device, int frames, string said = "ok", string previousSaid = "ok")
    {
        List<InspectionReport> reports =
        [
            .. Enumerable.Range(0, frames).Select(frame => device.Inspection(frame) with
            {
                Model = New, Prediction = new Prediction { Class = said, Confidence = 0.9 }, Shadow = new ShadowPrediction(Old, new Prediction { Class = previousSaid, Confidence = 0.8 }),
            }),
        ];
        foreach (var report in reports) await device.SendAsync(report);
        return reports;
    }

    /// <summary>A frame in disagreement comes up and a person labels it.</summary>
    public async Task JudgeAsync(TestDevice device, string id, string said, string previousSaid, string truth)
    {
        await SampleAsync(device, id, said, previousSaid);
        await FleetHost.UntilAsync(async () => (await Fleet.Http.PutAsJsonAsync($"frames/{id}/label", new LabelRequest(truth, "operator"), ContractsJson.Default.LabelRequest,
            TestContext.Current.CancellationToken)).StatusCode == HttpStatusCode.OK, $"frame {id}");
    }

    /// <summary>A frame in disagreement comes up.</summary>
    public Task SampleAsync(TestDevice device, string id, string said, string previousSaid) => device.SendAsync(device.Frame(id, rule: "disagreement") with
    {
        Model = New, Prediction = new Prediction { Class = said, Confidence = 0.99 }, Shadow = new ShadowPrediction(Old, new Prediction { Class = previousSaid, Confidence = 0.6 }),
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var device in Devices) await device.DisposeAsync();
        await Fleet.DisposeAsync();
    }

    public static async Task<ModelRef> RegisterAsync(FleetHost fleet, string version)
    {
        var package = await File.ReadAllBytesAsync(TestPackages.Write(fleet.InFolder($"{version}.cvmodel"), fleet.SigningKey, version: version), TestContext.Current.CancellationToken);
        var answer = await fleet.Http.PostAsync("models", new ByteArrayContent(package), TestContext.Current.CancellationToken);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, TestContext.Current.CancellationToken))!.Model;
    }
}

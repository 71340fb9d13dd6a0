using CvOps.Cli.Up;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Demo;

/// <summary>
/// The same path on pictures nobody here drew: steel-line videos under three classifiers, darkening, and a detector whose boxes
/// another implementation has computed too.
/// </summary>
internal sealed class SteelStory(Stack stack, SteelData data, Story story)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private readonly FleetClient _fleet = stack.Fleet;
    private readonly FleetWatch _watch = new(stack.Fleet);
    private readonly RolloutRunner _rollouts = new(stack.Fleet);

    public static async Task Play(string folder, Story story, Action<string> tell, CancellationToken ct)
    {
        var data = new SteelData();
        DeviceSpec[] devices = [.. Enumerable.Range(1, 3).Select(number => new DeviceSpec(new DeviceId($"steel-{number}"), data.NormalVideo) { Pace = "file", Loop = true })];
        await using var stack = await Stack.Start(new StackOptions(folder, Ports.Free(), Ports.Free(), 0, devices) { FramesPerHour = 7200 }, tell, ct);
        await new SteelStory(stack, data, story).Tell(ct);
    }

    private async Task Tell(CancellationToken ct)
    {
        var packages = new Dictionary<string, string>();
        ModelView v1 = null!, v2 = null!, v3 = null!;
        await using var labeller = new Labeller(_fleet, (frame, _) => Task.FromResult(frame is { Device.Value: var device, Frame: { } number } && device.StartsWith("steel", StringComparison.Ordinal) ? Label(number) : null));

        await story.Step("register", "Three steel classifiers are packed, signed and registered", async figures =>
        {
            foreach (var (version, file) in new[] { ("1", "neu_classifier_v1"), ("2", "neu_classifier_v2"), ("3", "neu_classifier_v3_regressed") })
                packages[version] = await stack.Pack(SteelData.Manifest("neu-classifier", version), data.Model(file), data.TrainingPictures, ct);
            v1 = await _fleet.PushModel(packages["1"], ct);
            v2 = await _fleet.PushModel(packages["2"], ct);
            v3 = await _fleet.PushModel(packages["3"], ct);
            figures.Say("digests", string.Join(", ", new[] { v1, v2, v3 }.Select(model => $"v{model.Model.Version} {model.Model.Digest[..12]}")));
        }, ct);

        await story.Step("install-v1", "v1 is in charge of three lines that play a steel video", async figures =>
        {
            await _watch.Online(stack.Devices.Count, Patience, ct);
            var rollout = await _rollouts.Run(RolloutRunner.Install("install-v1", v1), ct);
            Figures.Require(rollout.State == RolloutState.Completed, $"the rollout ended as {rollout.State}: {rollout.Reason}");
            figures.Say("accuracy v1", (await Measure(v1, ct)).ToString());
        }, ct);

        labeller.Start();
        await story.Step("promote-v2", "v2 is promoted by evidence", async figures =>
        {
            var rollout = await _rollouts.Run(RolloutRunner.Staged("promote-v2", v2), ct);
            RolloutRunner.Say(figures, rollout);
            Figures.Require(rollout.State == RolloutState.Completed, $"the rollout ended as {rollout.State}: {rollout.Reason}");
            figures.Say("accuracy v2", (await Measure(v2, ct)).ToString());
        }, ct);

        await story.Step("stop-v3", "v3, blind to two classes yet as sure of itself, is stopped at the canary", async figures =>
        {
            var rollout = await _rollouts.Run(RolloutRunner.Staged("stop-v3", v3), ct);
            RolloutRunner.Say(figures, rollout);
            Figures.Require(rollout.State == RolloutState.RolledBack, $"the rollout ended as {rollout.State}: {rollout.Reason}");
            // Over the whole video 0.955 against 0.950; over the few frames before the stop either may be a hair ahead.
            Figures.Require(rollout.Evidence.ChallengerConfidence > rollout.Evidence.ChampionConfidence - 0.02, "v3 was less sure of itself, so nothing was shown");
            foreach (var device in await _fleet.Get<DeviceView[]>("devices", ct))
                Figures.Require(device.Reported?.Model.Active?.Digest == v2.Model.Digest, $"{device.Id} runs {device.Reported?.Model.Active?.Version}");
        }, ct);

        await story.Step("drift", "A line that darkens alarms; the lines that do not stay quiet", async figures =>
        {
            var dark = new DeviceSpec(new DeviceId("darkening"), data.DriftVideo) { Pace = "file", Loop = true, Package = packages["2"] };
            stack.Add(dark);
            var alarms = await _watch.Drift(1, view => view.State == DriftState.Alarm, Patience, ct);
            foreach (var view in alarms) figures.Say($"{view.Device}/{view.Camera}", $"{view.Cause}: {view.Explanation}");
            Figures.Require(alarms.All(view => view.Device == dark.Device), "a line that did not change alarms");
            foreach (var view in (await _fleet.Get<DriftView[]>("drift", ct)).Where(view => view.Device != dark.Device))
                figures.Say($"{view.Device}/{view.Camera}", $"{view.State} over {view.Frames} frames");
        }, ct);

        await story.Step("detect", "NanoDet finds the same bottles as another implementation", async figures =>
        {
            var package = await stack.Pack(SteelData.Manifest("nanodet-m", "1"), data.Model("nanodet_m"), [], ct);
            var device = new DeviceSpec(new DeviceId("bottles"), data.BottleVideo) { Pace = "fast", Package = package };
            stack.Add(device);
            await new DetectionComparison(_fleet, data.BottleDetections()).Check(device.Device, figures, Patience, ct);
        }, ct);
    }

    private async Task<Accuracy> Measure(ModelView model, CancellationToken ct) =>
        await new AccuracyMeter(_fleet, (row, _) => Task.FromResult<string?>(Label(row.Frame))).Measure(stack.Devices[0].Device, model.Model.Digest, 150, Patience, ct);

    private string Label(long frame) => data.NormalLabels[(int)(frame % data.NormalLabels.Count)];
}

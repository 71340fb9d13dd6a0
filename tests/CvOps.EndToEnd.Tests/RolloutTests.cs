using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

/// <summary>What an operator rolls out with files and commands, to real agents, through a real broker.</summary>
public sealed class RolloutTests(RunningStack stack) : IClassFixture<RunningStack>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_is_compared_in_shadow_before_any_device_changes_and_then_goes_on_to_its_canary()
    {
        using var folder = new TestFolder();
        var before = (await stack.Devices())[0].Model.Active!;
        var manifest = (await File.ReadAllTextAsync(Path.Combine(RunningStack.Simulator, "manifest.json"), Cancel)).Replace("\"version\": \"v1\"", "\"version\": \"in-shadow\"", StringComparison.Ordinal);
        var package = folder["next.cvmodel"];
        await using (var pack = Cvops.Start("model", "pack", "--manifest", await stack.File("manifest.json", manifest), "--onnx", Path.Combine(RunningStack.Simulator, "line-v1.onnx"),
            "--key", Path.Combine(stack.Data, "keys", "operator.key"), "--out", package))
            Assert.True(await pack.WaitForExitAsync(RunningStack.Patience, Cancel) == 0, pack.Output);
        await stack.Run("model", "push", package);
        var rollout = await stack.Start("""
            name: in-shadow
            model: line@in-shadow
            target: everything
            shadow: { frames: 20, devices: 2, timeout: 10m }
            rings:
              - { name: canary, count: 1, approval: true }
              - { name: everyone, percent: 100 % }
            soak: { time: 1s, parts: 5, timeout: 10m }
            guardrails: { false-promotion-risk: 5 %, non-inferiority-margin: 20 %, disagreement: 50 %, controls: 10 }
            """);

        // A person's approval is all that it waits for: whoever looks finds every device in shadow.
        var shadowed = await stack.Reaches(rollout, RolloutState.AwaitingApproval);
        Assert.True(shadowed.Evidence.Pairs >= 20, shadowed.Reason);
        Assert.Equal(0, shadowed.Evidence.Parts);
        Assert.Contains(shadowed.History, step => step.From == RolloutState.Shadowing && step.Reason.Contains("shadow passed: of ", StringComparison.Ordinal) && step.Reason.Contains("no part was exposed", StringComparison.Ordinal));
        foreach (var device in await stack.Devices())
        {
            Assert.Equal((before, UpdateState.Shadowing, ModelStage.Shadow), (device.Model.Active, device.Model.State, device.Model.Stage));
            Assert.Equal((shadowed.Model, 0L), (device.Model.Shadow!.Model, device.Model.Shadow.Discordant));
        }

        await stack.Run("rollout", "approve", rollout, "--reason", "both say the same");
        var ended = await stack.Reaches(rollout, RolloutState.Completed);

        Assert.Equal(["Shadowing", "AwaitingApproval", "Canary", "Soaking", "Advancing", "Soaking", "Completed"], ended.History.Select(step => $"{step.To}"));
        Assert.All(await stack.Devices(), device => Assert.Equal((ended.Model, null), (device.Model.Active, device.Model.Shadow)));
        Assert.Contains("shadow passed: of ", await stack.Run("rollout", "show", rollout), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_reach_the_agents_soak_there_and_are_what_they_go_by()
    {
        await stack.Run("configuration", "push", await stack.File("every-frame.yaml", "sampling: { audit-probability: 1, frames-per-hour: 36000 }\n"));
        var rollout = await stack.Start("""
            name: every-frame
            configuration: every-frame
            target: everything
            rings: [{ name: everyone, percent: 100 % }]
            soak: { time: 1s, parts: 5, timeout: 10m }
            guardrails: { controls: 10 }
            """);

        var ended = await stack.Reaches(rollout, RolloutState.Completed);

        Assert.All(await stack.Devices(), device => Assert.Equal((ConfigurationState.Committed, ended.Plan.Configuration, null), (device.Configuration!.State, device.Configuration.Active, device.Configuration.Reason)));
        await stack.Until("a frame that was certain to be kept", "frames?limit=200", ContractsJson.Default.FramePage,
            page => page.Frames.Any(frame => frame.InclusionProbability == 1), page => $"{page.Frames.Count} frames");
    }

    [Fact]
    public async Task Settings_that_leave_a_camera_without_pictures_are_taken_back_and_the_rollout_says_so()
    {
        var before = await stack.Devices();
        await stack.Run("configuration", "push", await stack.File("blind.yaml", "cameras: [{ id: cam-1, decoder: none-such, connect-timeout-seconds: 1 }]\n"));
        var rollout = await stack.Start("""
            name: blind
            configuration: blind
            target: everything
            rings: [{ name: canary, count: 1 }, { name: everyone, percent: 100 % }]
            soak: { time: 1s, parts: 5, timeout: 10m }
            guardrails: { controls: 10 }
            """);

        var ended = await stack.Reaches(rollout, RolloutState.RolledBack);

        Assert.Contains(ended.History, step => step.To == RolloutState.Stopping && step.Reason.Contains("1 of 1 devices of ring 'canary' failed", StringComparison.Ordinal) && step.Reason.Contains("cam-1", StringComparison.Ordinal));
        var canary = ended.Devices.Single(device => device.Ring == 0);
        var devices = await stack.Devices();
        Assert.Equal(before.Select(device => device.Configuration?.Active), devices.Select(device => device.Configuration?.Active));
        Assert.Equal(RolloutDeviceState.RolledBack, canary.State);
    }
}

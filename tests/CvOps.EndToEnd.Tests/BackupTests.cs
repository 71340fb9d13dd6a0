using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

/// <summary>The drill: a fleet's machine is lost, and another takes its place with what the repository has.</summary>
public sealed class BackupTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fleet_is_destroyed_and_brought_back_and_its_agents_go_on_and_take_its_next_orders()
    {
        Skip.Unless(TestProcess.Find("restic") is not null, "restic is not installed: apt-get install restic");
        await using var stack = new RunningStack();
        await stack.InitializeAsync();
        var password = await stack.File("password", "of this test\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var data = Path.Combine(stack.Data, "fleet");
        string[] repository = ["--repository", Path.Combine(Path.GetDirectoryName(password)!, "repository"), "--password-file", password];

        await End(0, ["backup", "--data", data, .. repository]);
        // What the lost fleet did after its backup: agents know of it, and the next fleet does not.
        await RollOut(stack, "lost", "sampling: { audit-probability: 1, frames-per-hour: 36000 }\n");
        await stack.Stop();
        Directory.Delete(data, recursive: true);
        await End(0, ["restore", "--data", data, .. repository]);
        stack.Start();

        var before = Inspections(await stack.Until("both agents", "devices", ContractsJson.Default.DeviceViewArray, devices => devices.Count(device => device.Connectivity == Connectivity.Online) == 2, devices => string.Join(", ", devices.Select(device => device.Connectivity))));
        await stack.Until("more inspections", "devices", ContractsJson.Default.DeviceViewArray, devices => Inspections(devices) > before, devices => $"{Inspections(devices)} inspections");
        Assert.Contains("restored from its backup", await stack.Http.GetStringAsync("rollouts/stop-all", Cancel), StringComparison.Ordinal);
        // What an agent runs stays as it is until somebody decides.
        Assert.All(await stack.Devices(), device => Assert.NotNull(device.Configuration?.Active));

        await stack.Run("rollout", "lift-stop", "--reason", "looked at");
        var ended = await RollOut(stack, "next", "sampling: { audit-probability: 0.5, frames-per-hour: 36000 }\n");
        Assert.All(await stack.Devices(), device => Assert.Equal((ConfigurationState.Committed, ended.Plan.Configuration, null), (device.Configuration!.State, device.Configuration.Active, device.Configuration.Reason)));
    }

    private static async Task<RolloutView> RollOut(RunningStack stack, string name, string settings)
    {
        await stack.Run("configuration", "push", await stack.File($"{name}.yaml", settings));
        var rollout = await stack.Start($$"""
            name: {{name}}
            configuration: {{name}}
            target: everything
            rings: [{ name: everyone, percent: 100 % }]
            soak: { time: 1s, parts: 5, timeout: 10m }
            guardrails: { controls: 10 }
            """);
        return await stack.Reaches(rollout, RolloutState.Completed);
    }

    private static long Inspections(DeviceView[] devices) => devices.Sum(device => device.Inspections);

    private static async Task End(int code, string[] arguments)
    {
        await using var process = Cvops.Start(arguments);
        var ended = await process.WaitForExitAsync(RunningStack.Patience, Cancel);
        Assert.True(ended == code, $"cvops {string.Join(' ', arguments)} ended with {ended}: {process.Output}");
    }
}

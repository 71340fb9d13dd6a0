using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts.Api;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

public sealed class UpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fleet_killed_in_mid_rollout_goes_on_with_it_and_Ctrl_C_leaves_nothing_behind()
    {
        using var folder = new TestFolder();
        var port = TestProcess.FreePort();
        await using var up = Cvops.Start(
            "up", "--lines", "2", "--data", folder["stack"], "--http-port", $"{port}", "--broker-port", $"{TestProcess.FreePort()}", "--simulator-port", $"{TestProcess.FreePort()}");
        using var http = Cvops.Client(folder["stack"], port);

        var rollout = await Ask(http, view => view.State is RolloutState.Canary or RolloutState.Soaking, up);
        foreach (var fleet in Cvops.ProcessesOf(folder["stack"], "cvops-fleet")) Process.GetProcessById(fleet).Kill();
        var ended = await Ask(http, view => view.State == RolloutState.Completed, up);

        Assert.Equal(rollout.Id, ended.Id);
        static string Json(RolloutTransition step) => JsonSerializer.Serialize(step, ContractsJson.Default.RolloutTransition);
        Assert.Equal(rollout.History.Select(Json), ended.History.Take(rollout.History.Count).Select(Json));
        Assert.All(ended.Devices, device => Assert.Equal(RolloutDeviceState.Running, device.State));
        Assert.Contains("fleet ended with code 137", up.Output, StringComparison.Ordinal);

        using var interrupt = Process.Start("kill", ["-INT", $"{up.Id}"]);
        Assert.Equal(0, await up.WaitForExitAsync(TimeSpan.FromSeconds(60), Cancel));
        Assert.Empty(Cvops.ProcessesOf(folder["stack"]));
    }

    [Fact]
    public async Task A_camera_of_ones_own_is_inspected_with_ones_own_model()
    {
        using var folder = new TestFolder();
        var (video, model, keys) = (folder["camera.mp4"], folder["own.cvmodel"], folder["stack", "trusted-keys"]);
        await Run(TestProcess.Start("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=5", "-pix_fmt", "yuv420p", video]));
        await Run(Cvops.Start("model", "key", "own", "--out", keys));
        var line = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Cvops.Program)!, "..", "..", "CvOps.Simulator", Path.GetFileName(Path.GetDirectoryName(Cvops.Program)!), "model"));
        await Run(Cvops.Start("model", "pack", "--manifest", Path.Combine(line, "manifest.json"), "--onnx", Path.Combine(line, "line-v1.onnx"), "--key", Path.Combine(keys, "own.key"), "--out", model));
        var port = TestProcess.FreePort();
        await using var up = Cvops.Start("up", "--camera", video, "--model", model, "--data", folder["stack"], "--http-port", $"{port}", "--broker-port", $"{TestProcess.FreePort()}");
        using var http = Cvops.Client(folder["stack"], port);

        var ended = await Ask(http, view => view.State == RolloutState.Completed, up);

        Assert.True(ended.Evidence.Parts > 0, ended.Reason);
        foreach (var command in (string[])["status", "devices list", "devices show device-1", "model list", "rollout list", $"rollout devices {ended.Id} --ring 1 --state Running", "drift", "frames list", "dataset list", "training list", "audit"])
            await Run(Cvops.Start([.. command.Split(' '), "--fleet", $"http://127.0.0.1:{port}"]));
    }

    [Fact]
    public async Task An_address_that_is_none_is_one_sentence_and_exit_code_78()
    {
        await using var cvops = Cvops.Start("devices", "list", "--fleet", "nonsense");

        Assert.Equal(78, await cvops.WaitForExitAsync(TimeSpan.FromSeconds(30), Cancel));
        Assert.Contains("'nonsense' is no address of a fleet", cvops.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_port_is_one_sentence_and_exit_code_78()
    {
        using var folder = new TestFolder();
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        await using var up = Cvops.Start("up", "--data", folder["stack"], "--http-port", $"{port}");

        Assert.Equal(78, await up.WaitForExitAsync(TimeSpan.FromSeconds(30), Cancel));
        Assert.Contains($"Port {port} is in use by another program", up.Output, StringComparison.Ordinal);
    }

    private static async Task Run(TestProcess process)
    {
        await using (process)
        {
            var code = await process.WaitForExitAsync(TimeSpan.FromSeconds(30), Cancel);
            Assert.True(code == 0, process.Output);
        }
    }

    private static async Task<RolloutView> Ask(HttpClient http, Func<RolloutView, bool> enough, TestProcess up)
    {
        var last = "no answer";
        RolloutView? found = null;
        await Eventually.Async(async () =>
        {
            try
            {
                var views = await http.GetFromJsonAsync("rollouts", ContractsJson.Default.RolloutViewArray, Cancel);
                last = string.Join("; ", views!.Select(view => $"{view.State}: {view.Reason}"));
                found = views!.SingleOrDefault(enough);
            }
            // A fleet that is just coming up may take a connection and let it fall; .NET then says so without the former.
            catch (Exception e) when (e is HttpRequestException or System.Net.Sockets.SocketException)
            {
                last = e.Message;
            }
            return found is not null;
        }, Patience, () => $"last seen {last}\n{up.Output}", Cancel);
        return found!;
    }
}

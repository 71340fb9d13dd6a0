using System.Diagnostics;
using System.Globalization;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;
using CvOps.Vision.Packaging;

namespace CvOps.Benchmarks;

/// <summary>
/// The agent as it is installed, with two RTSP cameras (one over TCP, one over UDP), a real model and a real broker, for minutes in which the
/// cameras are killed, stopped and made to lose packets. Every frame handed to inference must be a result at the broker or a counted drop.
/// </summary>
internal sealed class CameraSoak(TestFolder folder, TestBroker broker, SoakListener listener) : IAsyncDisposable
{
    private static readonly string[] Cameras = ["cam-tcp", "cam-udp"];
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(60);

    private readonly int[] _ports = [TestProcess.FreePort(), TestProcess.FreePort()];
    private readonly RtspServer?[] _servers = new RtspServer?[2];

    /// <param name="minutes">Of faults.</param>
    /// <returns>The process's exit code: 0 when every frame is accounted for.</returns>
    public static async Task<int> RunAsync(int minutes)
    {
        using var folder = new TestFolder();
        await using var broker = await TestBroker.StartAsync();
        await using var listener = await SoakListener.StartAsync(broker, Cameras);
        await using var soak = new CameraSoak(folder, broker, listener);
        return await soak.RunMinutesAsync(minutes) ? 0 : 1;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            if (server is not null) await server.DisposeAsync();
        }
    }

    private async Task<bool> RunMinutesAsync(int minutes)
    {
        await StartServerAsync(0);
        await StartServerAsync(1);
        await using var agent = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops-agent.dll"), ["--config", Configure()]);
        await Eventually.Async(() => agent.HasExited ? throw new InvalidOperationException(agent.Output) : Cameras.All(camera => listener.Results(camera) > 0), Settle, () => $"no results yet: {agent.Output}");
        Console.WriteLine($"{minutes} minutes; packets are lost {(PacketLoss.ByFirewall ? "in the network (nft)" : "behind the payloader (no nft, or not a network of our own)")}.");
        var allBack = true;
        for (var minute = 1; minute <= minutes; minute++)
        {
            var began = Stopwatch.GetTimestamp();
            await FaultsAsync(began);
            await UntilAsync(began, 60);
            allBack &= Print(minute);
        }

        // No more frames: what is under way arrives.
        foreach (var server in _servers) await server!.KillAsync();
        var settled = await SettledAsync();
        Print(minutes);
        if (await agent.StopAsync(Settle) != 0) Console.WriteLine($"The agent did not stop as it should: {agent.Output}");
        return Verdict(settled, allBack);
    }

    /// <summary>One minute's worth, each fault as long as it takes to tell one reaction from another.</summary>
    private async Task FaultsAsync(long began)
    {
        await UntilAsync(began, 5);
        await _servers[0]!.KillAsync();
        await UntilAsync(began, 7);
        await StartServerAsync(0);

        // Stale, and back on the same connection.
        await UntilAsync(began, 15);
        Signal("STOP", 0);
        await UntilAsync(began, 19);
        Signal("CONT", 0);

        await UntilAsync(began, 24);
        PacketLoss.Begin(_servers[1]!);
        await UntilAsync(began, 34);
        PacketLoss.End(_servers[1]!);

        // Lost, and asked until they answer.
        await UntilAsync(began, 36);
        Signal("STOP", 0, 1);
        await UntilAsync(began, 46);
        Signal("CONT", 0, 1);

        await UntilAsync(began, 50);
        await Task.WhenAll(_servers.Select(server => server!.KillAsync()));
        await StartServerAsync(0);
        await StartServerAsync(1);
    }

    private async Task StartServerAsync(int camera)
    {
        if (_servers[camera] is { } old) await old.DisposeAsync();
        _servers[camera] = await RtspServer.StartAsync(_ports[camera], CancellationToken.None, "--size", "320x240", "--mtu", "600");
    }

    private void Signal(string name, params int[] cameras)
    {
        foreach (var camera in cameras) RtspServer.Signal(name, _servers[camera]!.ProcessId);
    }

    private static async Task UntilAsync(long began, double seconds)
    {
        var rest = TimeSpan.FromSeconds(seconds) - Stopwatch.GetElapsedTime(began);
        if (rest > TimeSpan.Zero) await Task.Delay(rest);
    }

    /// <summary>Waits until the agent's counters and the broker's results stand still together.</summary>
    private async Task<bool> SettledAsync()
    {
        var deadline = Stopwatch.GetTimestamp();
        (long, DateTimeOffset?) before = default;
        for (var same = 0; same < 5; await Task.Delay(1000))
        {
            if (Stopwatch.GetElapsedTime(deadline) > Settle) return false;
            if (listener.Health is not { } health) continue;
            var now = Cameras.Sum(camera => listener.Results(camera)) + health.Cameras.Sum(it => it.FramesInspected + it.FramesDropped + it.InferenceErrors + it.FramesFrozen);
            if (now == before.Item1 && health.At != before.Item2) same++;
            else if (now != before.Item1) same = 0;
            before = (now, health.At);
        }
        return true;
    }

    /// <returns>True when every camera is live.</returns>
    private bool Print(int minute)
    {
        if (listener.Health is not { } health) return false;
        Console.WriteLine($"{"minute",6}  {"camera",-8} {"state",-10} {"inspected",9} {"errors",6} {"dropped",7} {"frozen",6} {"results",8} {"reconnects",10} {"damages",7}  problem");
        foreach (var camera in health.Cameras)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{minute,6}  {camera.Camera.Value,-8} {camera.State,-10} {camera.FramesInspected,9} {camera.InferenceErrors,6} {camera.FramesDropped,7} {camera.FramesFrozen,6} {listener.Results(camera.Camera.Value),8} {camera.Reconnects,10} {camera.StreamDamages,7}  {camera.Problem}"));
        }
        return health.Cameras.All(camera => camera.State == CameraState.Live);
    }

    private bool Verdict(bool settled, bool allBack)
    {
        var holds = true;
        void Check(bool ok, string what)
        {
            holds &= ok;
            Console.WriteLine($"{(ok ? "ok    " : "FAILED")}  {what}");
        }

        Check(settled, "counters and results came to rest after the last camera was taken away");
        Check(allBack, "every camera was live again at the end of every minute");
        foreach (var camera in listener.Health?.Cameras ?? [])
        {
            var id = camera.Camera.Value;
            var (results, gaps) = (listener.Results(id), listener.Gaps(id));
            Check(results == camera.FramesInspected + camera.InferenceErrors, $"{id}: {camera.FramesInspected} frames inspected and {camera.InferenceErrors} without a prediction; {results} results at the broker ({listener.Duplicates(id)} delivered twice)");
            Check(gaps <= camera.FramesDropped + camera.FramesFrozen, $"{id}: {gaps} frames between results are missing; {camera.FramesDropped} drops and {camera.FramesFrozen} frozen ones were counted");
            Check(camera.Reconnects > 0, $"{id}: {camera.Reconnects} reconnects");
        }
        Check(listener.Health?.Cameras.Any(camera => camera.StreamDamages > 0) == true, "lost packets were noticed");
        Console.WriteLine(holds ? "Every frame handed to inference is a result at the broker or a counted drop." : "Frames are not accounted for.");
        return holds;
    }

    private string Configure()
    {
        var model = BenchModel.All().First();
        using var key = SigningKeys.Create();
        Directory.CreateDirectory(folder["keys"]);
        SigningKeys.SavePublic(key, folder["keys", "soak.pem"]);
        PackageBuilder.Build(folder["model.cvmodel"], model.Manifest, model.Onnx, [], key);
        File.WriteAllText(folder["agent.yaml"], string.Create(CultureInfo.InvariantCulture, $"""
            site: soak
            device: soak
            data: '{folder["data"]}'
            link:
              brokers: ['mqtt://127.0.0.1:{broker.Port}']
            cameras:
              - {"{"} id: {Cameras[0]}, url: '{RtspServer.UrlOf(_ports[0])}', frozen-after-seconds: 0 {"}"}
              - {"{"} id: {Cameras[1]}, url: '{RtspServer.UrlOf(_ports[1])}', transport: udp, frozen-after-seconds: 0 {"}"}
            model:
              trusted-keys: '{folder["keys"]}'
              package: '{folder["model.cvmodel"]}'
            inference:
              gpu: false
            health:
              interval-seconds: 1
            """));
        return folder["agent.yaml"];
    }
}

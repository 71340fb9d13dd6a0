using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision;
using CvOps.Vision.Packaging;

namespace CvOps.Benchmarks;

/// <summary>
/// What the agent costs beside its model: resident memory and the way from process start to the first inference, each over a bare program of the
/// same .NET that opens the same model with ONNX Runtime and runs it. Both are real processes, published as they are installed (compiled ahead);
/// starts alternate, medians are compared.
/// </summary>
internal static class FootprintBench
{
    public const string BareHarness = "bare-harness";
    private const int Starts = 5;
    private const string FirstInference = "First inference";
    private const int BareRuns = 200;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PublishDeadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(4);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        List<Figure> figures = [];
        var (bareProgram, agentProgram) = (await PublishAsync("tests/CvOps.Benchmarks", "CvOps.Benchmarks"), await PublishAsync("agent/CvOps.Agent", "cvops-agent"));
        foreach (var model in BenchModel.All())
        {
            using var folder = new TestFolder();
            await using var broker = await TestBroker.StartAsync();
            var (onnx, manifest) = (folder["model.onnx"], folder["manifest.json"]);
            await File.WriteAllBytesAsync(onnx, model.Onnx);
            await File.WriteAllBytesAsync(manifest, JsonSerializer.SerializeToUtf8Bytes(model.Manifest, ContractsJson.Default.ModelManifest));
            var configuration = Configure(folder, broker.Port, model);
            List<(double Ms, double Rss)> bare = [], agent = [];
            for (var start = 0; start < Starts; start++)
            {
                bare.Add(await MeasureAsync(bareProgram, [BareHarness, onnx, manifest]));
                agent.Add(await MeasureAsync(agentProgram, ["--config", configuration]));
                Console.WriteLine($"{model.Name}: bare {bare[^1].Ms:0} ms, {bare[^1].Rss:0.0} MB; agent {agent[^1].Ms:0} ms, {agent[^1].Rss:0.0} MB");
            }
            figures.Add(Figure.AtMost($"resident memory, agent / bare process, {model.Name}", Median(agent, run => run.Rss) / Median(bare, run => run.Rss), 1.25, "bare .NET + ONNX Runtime process"));
            figures.Add(Figure.AtMost($"start to first inference, agent / bare process, {model.Name}", Median(agent, run => run.Ms) / Median(bare, run => run.Ms), 1.5, "bare .NET + ONNX Runtime process"));
        }
        return figures;
    }

    /// <summary>The rival: opens the model as anyone would, runs it, says so, and stays until it is killed.</summary>
    public static int RunBare(string[] arguments)
    {
        var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(arguments[1]), ContractsJson.Default.ModelManifest)!;
        using var session = ModelSession.Open(File.ReadAllBytes(arguments[0]), manifest, new SessionSettings(AllowGpu: false));
        session.Run();
        Console.WriteLine(FirstInference);
        for (var run = 0; run < BareRuns; run++) session.Run();
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    /// <returns>Path of the program, as deploy/edge installs it.</returns>
    private static async Task<string> PublishAsync(string project, string program)
    {
        var folder = Path.Combine("artifacts", "bench", "publish", program);
        await using var publish = TestProcess.Start(TestProcess.DotNet, ["publish", project, "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "false", "-o", folder, "-v", "quiet"]);
        if (await publish.WaitForExitAsync(PublishDeadline) != 0) throw new InvalidOperationException($"{project} could not be published: {publish.Output}");
        return Path.GetFullPath(Path.Combine(folder, program));
    }

    private static async Task<(double Ms, double Rss)> MeasureAsync(string program, IReadOnlyList<string> arguments)
    {
        var started = Stopwatch.GetTimestamp();
        await using var process = TestProcess.Start(program, arguments);
        while (!process.Output.Contains(FirstInference, StringComparison.Ordinal))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(started) > Deadline) throw new InvalidOperationException($"{program} gave no first inference: {process.Output}");
            await Task.Delay(1);
        }
        var ms = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await Task.Delay(Settle);
        var line = File.ReadLines($"/proc/{process.Id}/status").First(text => text.StartsWith("VmRSS", StringComparison.Ordinal));
        return (ms, double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024);
    }

    private static double Median(IEnumerable<(double Ms, double Rss)> runs, Func<(double Ms, double Rss), double> of) => runs.Select(of).Order().ElementAt(Starts / 2);

    /// <returns>Path of a configuration with one camera: a video played at its own pace, over and over.</returns>
    private static string Configure(TestFolder folder, int broker, BenchModel model)
    {
        using var key = SigningKeys.Create();
        Directory.CreateDirectory(folder["keys"]);
        SigningKeys.SavePublic(key, folder["keys", "bench.pem"]);
        PackageBuilder.Build(folder["model.cvmodel"], model.Manifest, model.Onnx, [], key);
        var video = folder["line.mp4"];
        using (var ffmpeg = Process.Start("ffmpeg", ["-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", $"testsrc=size={BenchAgent.Width}x{BenchAgent.Height}:rate=15", "-frames:v", "150", "-pix_fmt", "yuv420p", "-y", video])) ffmpeg.WaitForExit();
        var path = folder["agent.yaml"];
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"""
            site: bench
            device: bench
            data: '{folder["data"]}'
            link:
              brokers: ['mqtt://127.0.0.1:{broker}']
            cameras:
              - id: cam-1
                url: '{video}'
                pace: file
                loop: true
            model:
              trusted-keys: '{folder["keys"]}'
              package: '{folder["model.cvmodel"]}'
            inference:
              gpu: false
            """));
        return path;
    }
}

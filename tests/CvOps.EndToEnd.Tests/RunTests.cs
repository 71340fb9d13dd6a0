using System.Diagnostics;
using System.Text.Json;
using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

/// <summary><c>cvops run</c> gives arguments, terminal, signals and exit code to the agent's program.</summary>
public sealed class RunTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The simulator's model, which lies beside its program.</summary>
    private static string Model { get; } = Path.GetFullPath(Path.Combine(
        Path.GetDirectoryName(Cvops.Program)!, "..", "..", "CvOps.Simulator", Path.GetFileName(Path.GetDirectoryName(Cvops.Program)!), "model"));

    [Fact]
    public async Task A_video_is_inspected_into_lines_and_pictures()
    {
        using var folder = new TestFolder();
        await Video(folder["a b.mp4"], 10);

        await using var run = Start(folder["a b.mp4"], "--out", folder["results.jsonl"], "--save-frames", folder["drawn"]);

        Assert.Equal(0, await run.WaitForExitAsync(Patience, Cancel));
        Assert.Contains($"10 lines: {folder["results.jsonl"]}", run.Output, StringComparison.Ordinal);
        Assert.Equal(10, Directory.EnumerateFiles(folder["drawn"], "*.jpg").Count());
        var lines = File.ReadLines(folder["results.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(Enumerable.Range(0, 10), lines.Select(line => line.GetProperty("frame").GetInt32()));
        Assert.All(lines, line => Assert.False(line.TryGetProperty("error", out _)));
    }

    [Fact]
    public async Task Mistakes_and_help_are_the_agents_own()
    {
        await using var mistake = Cvops.Start("run", "no.cvmodel", "no.mp4", "--json");
        await using var help = Cvops.Start("run", "--help");

        Assert.Equal(78, await mistake.WaitForExitAsync(Patience, Cancel));
        Assert.Contains("cvops run: '--json' is not understood", mistake.Output, StringComparison.Ordinal);
        Assert.Equal(0, await help.WaitForExitAsync(Patience, Cancel));
        Assert.Contains("cvops run MODEL INPUT [--out results.jsonl] [options]", help.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_is_the_agents_too()
    {
        using var folder = new TestFolder();
        await Video(folder["a.mp4"], 4_000);
        await using var run = Start(folder["a.mp4"], "--out", folder["results.jsonl"], "--save-frames", folder["drawn"]);
        await Eventually.Async(() => Directory.Exists(folder["drawn"]) && Directory.EnumerateFiles(folder["drawn"]).Any(), Patience, () => run.Output, Cancel);

        using var interrupt = Process.Start("kill", ["-INT", $"{run.Id}"]);

        Assert.Equal(130, await run.WaitForExitAsync(Patience, Cancel));
        Assert.Contains($"their lines are in {folder["results.jsonl"]}.partial", run.Output, StringComparison.Ordinal);
    }

    private static TestProcess Start(params string[] arguments) => Cvops.Start(["run", Path.Combine(Model, "line-v1.onnx"), "--manifest", Path.Combine(Model, "manifest.json"), .. arguments]);

    private static async Task Video(string path, int frames)
    {
        Skip.Unless(TestProcess.Find("ffmpeg") is not null, "ffmpeg is not installed: apt-get install ffmpeg");
        await using var ffmpeg = TestProcess.Start("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=25", "-frames:v", $"{frames}", "-preset", "ultrafast", "-pix_fmt", "yuv420p", path]);
        Assert.Equal(0, await ffmpeg.WaitForExitAsync(Patience, Cancel));
    }
}

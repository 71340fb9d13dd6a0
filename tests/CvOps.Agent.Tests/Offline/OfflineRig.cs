using System.Globalization;
using System.Text.Json;
using CvOps.Agent.Tests.Capture;
using CvOps.Agent.Tests.Host;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Offline;

/// <summary>How a run of <c>cvops-agent run</c> ended.</summary>
internal sealed record OfflineResult(int Code, string Out, string Error);

/// <summary>Runs the real program in a folder of its own.</summary>
internal sealed class OfflineRig : IDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    // A whole video, on a machine that has more to do.
    private static readonly TimeSpan RunDeadline = TimeSpan.FromMinutes(8);

    private int _runs;

    public TestFolder Folder { get; } = new();

    /// <summary>Path of a manifest of the repository's.</summary>
    public static string Manifest(string model) => TestData.InRepository("tests", "data", "manifests", model + ".json");

    /// <summary>MODEL and --manifest of a classifier that names the channel which is strongest in the mean; red rejects.</summary>
    public string[] ColourModel(string? onnx = null)
    {
        File.WriteAllBytes(Folder["colour.onnx"], TinyOnnx.MeanColourClassifier(8, 8, [20, 0, 0, 0, 20, 0, 0, 0, 20], [0, 0, 0]));
        File.WriteAllText(Folder["colour.json"], JsonSerializer.Serialize(ColourManifest, ContractsJson.Default.ModelManifest));
        return [onnx ?? Folder["colour.onnx"], "--manifest", Folder["colour.json"]];
    }

    public static ModelManifest ColourManifest { get; } = new()
    {
        Name = "colour", Version = "1", Task = ModelTask.Classification, Classes = ["red", "green", "blue"], RejectClasses = ["red"],
        Input = new InputSpec { Name = "images", Width = 8, Height = 8 },
        Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"] },
    };

    public string Video(int frames, string name = "line.mp4") => CameraRig.Video(Folder, name, frames);

    /// <summary>A picture of one colour, by ffmpeg; its ending says its format.</summary>
    public string Picture(string name, string colour, string size = "64x48")
    {
        if (TestProcess.Find("ffmpeg") is null) Skip.Because("ffmpeg is not installed: apt-get install ffmpeg");
        var path = Folder[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var ffmpeg = System.Diagnostics.Process.Start("ffmpeg", ["-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", $"color={colour}:size={size}", "-frames:v", "1", "-y", path]);
        ffmpeg.WaitForExit();
        Assert.Equal(0, ffmpeg.ExitCode);
        return path;
    }

    public Task<OfflineResult> RunAsync(params string[] arguments) => RunAsync(arguments, null);

    /// <param name="shell">Runs before the program in its shell, such as a ulimit.</param>
    public async Task<OfflineResult> RunAsync(string[] arguments, string? shell)
    {
        await using var process = Start(arguments, shell);
        return await EndAsync(process);
    }

    /// <summary>The program under another verb than <c>run</c>.</summary>
    public async Task<OfflineResult> RunVerbAsync(string verb, params string[] arguments)
    {
        await using var process = Start(arguments, null, verb);
        return await EndAsync(process);
    }

    public TestProcess Start(string[] arguments, string? shell = null, string verb = "run")
    {
        _runs++;
        // A shell that runs this in the background makes its children deaf to Ctrl-C; a person's terminal does not.
        return TestProcess.Start("env", ["--default-signal=INT", "sh", "-c", $"out=$1; error=$2; shift 2; {shell ?? ":"}; exec \"$@\" >\"$out\" 2>\"$error\"", "sh", Of("out"), Of("error"),
            TestProcess.DotNet, "exec", AgentRig.Assembly, verb, .. arguments]);
    }

    /// <summary>Waits for the latest start's end.</summary>
    public async Task<OfflineResult> EndAsync(TestProcess process)
    {
        var code = await process.WaitForExitAsync(RunDeadline, TestContext.Current.CancellationToken);
        return new OfflineResult(code, await File.ReadAllTextAsync(Of("out")), await File.ReadAllTextAsync(Of("error")));
    }

    /// <summary>The lines of a results file.</summary>
    public static IReadOnlyList<JsonElement> Lines(string path) => [.. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement)];

    public void Dispose() => Folder.Dispose();

    private string Of(string stream) => Folder[string.Create(CultureInfo.InvariantCulture, $"{_runs}.{stream}")];
}

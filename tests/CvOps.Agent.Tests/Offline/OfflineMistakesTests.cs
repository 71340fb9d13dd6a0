using CvOps.Agent.Offline;
using CvOps.Agent.Tests.Capture;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Offline;

/// <summary>Wrong input is a sentence and exit code 78, and leaves no file behind.</summary>
[Trait("tier", "integration")]
public sealed class OfflineMistakesTests : IDisposable
{
    private readonly OfflineRig _rig = new();

    [Fact]
    public async Task Every_mistake_of_a_command_line_is_said_at_once()
    {
        var ended = await _rig.RunAsync("no.onnx", "no.mp4", "--frames", "x", "--only", "some", "--bogus", "--threads=99", "--out", "/no/such/a.jsonl");

        Assert.Equal(78, ended.Code);
        foreach (var mistake in (string[])[
            "There is no model no.onnx.", "no.onnx does not say how its input is made and its outputs are read: give --manifest manifest.json.", "There is no video, picture or folder no.mp4.",
            "--frames takes a whole number above 0, not 'x'.", "--only takes rejects, detections or errors, not 'some'.", "'--bogus' is not understood", "--threads takes a whole number from 1 to 64, not '99'.",
            "The folder /no/such of --out does not exist."]) Assert.Contains($"cvops run: {mistake}", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { "m.onnx" }, "MODEL and INPUT are needed")]
    [InlineData(new[] { "m.onnx", "v", "w" }, "'w' is one argument too many")]
    [InlineData(new[] { "m.onnx", "v", "--out" }, "--out needs a value")]
    [InlineData(new[] { "m.onnx", "rtsp://me:secret@camera/s" }, "rtsp://camera/s has no end: say --frames N or --seconds S.")]
    [InlineData(new[] { "m.cvmodel", "v", "--manifest", "x" }, "--manifest goes with an .onnx only")]
    [InlineData(new[] { "m.onnx", "v", "--trusted-keys", "x" }, "--trusted-keys goes with a .cvmodel only")]
    [InlineData(new[] { "m.onnx", "v", "--only", "errors" }, "--only chooses among the pictures that --save-frames FOLDER saves")]
    [InlineData(new[] { "m.onnx", "/usr", "--save-frames", "/usr/share/x" }, "lies where the pictures are that are inspected")]
    [InlineData(new[] { "m.onnx", "/proc/self/exe", "--out", "/proc/self/exe" }, "would replace what is read")]
    [InlineData(new[] { "/usr", "v" }, "The model /usr is a folder")]
    [InlineData(new[] { "m.onnx", "v", "--out", "/usr" }, "--out /usr is a folder")]
    [InlineData(new[] { "m.onnx", "v", "--seconds", "-1" }, "--seconds takes a number above 0, not '-1'.")]
    [InlineData(new[] { "m.onnx", "v", "--batch", "2.5" }, "--batch takes a whole number from 1 to 16, not '2.5'.")]
    public void A_mistake_is_said_with_what_to_do(string[] arguments, string sentence) =>
        Assert.Contains(OfflineCommandLine.Parse(arguments).Mistakes, mistake => mistake.Contains(sentence, StringComparison.Ordinal));

    [Fact]
    public async Task A_video_that_is_none_a_folder_without_pictures_and_a_camera_that_is_not_there()
    {
        await File.WriteAllTextAsync(_rig.Folder["no.mp4"], "no video", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(_rig.Folder["empty", "below"]);

        await Refused([.. _rig.ColourModel(), _rig.Folder["no.mp4"]], "is no video that ffmpeg can read");
        await Refused([.. _rig.ColourModel(), _rig.Folder["empty"]], "has no pictures in it or below");
        await Refused([.. _rig.ColourModel(), $"http://127.0.0.1:{TestProcess.FreePort()}/x", "--frames", "1"], "refused the connection");
    }

    [Fact]
    public async Task A_camera_that_falls_silent_is_waited_for_and_then_given_up()
    {
        await using var camera = HttpCamera.Start("160x90");
        await using var run = _rig.Start([.. _rig.ColourModel(), camera.Url, "--frames", "1000000", "--out", _rig.Folder["a.jsonl"], "--save-frames", _rig.Folder["frames"]]);
        await Eventually.Async(() => Directory.Exists(_rig.Folder["frames"]) && Directory.EnumerateFiles(_rig.Folder["frames"]).Any(), OfflineRig.Deadline, () => "no pictures", TestContext.Current.CancellationToken);
        camera.Stalled = true;
        var ended = await _rig.EndAsync(run);

        Assert.Equal(1, ended.Code);
        Assert.Contains("sent nothing for 6 s", ended.Error, StringComparison.Ordinal);
        Assert.NotEmpty(OfflineRig.Lines(_rig.Folder["a.jsonl.partial"]));
    }

    [Fact]
    public async Task A_model_or_manifest_that_is_none_and_two_that_do_not_fit()
    {
        var model = _rig.ColourModel();
        var picture = _rig.Picture("one.png", "red");
        await File.WriteAllTextAsync(_rig.Folder["x.cvmodel"], "no package", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_rig.Folder["x.onnx"], "no model", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_rig.Folder["x.json"], "{\"name\":\"x\"}", TestContext.Current.CancellationToken);
        var manifest = await File.ReadAllTextAsync(_rig.Folder["colour.json"], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_rig.Folder["four.json"], manifest.Replace("\"blue\"", "\"blue\",\"grey\"", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        await Refused([_rig.Folder["x.cvmodel"], picture], "is no model package");
        await Refused([_rig.Folder["x.onnx"], picture, "--manifest", _rig.Folder["colour.json"]], "Not an ONNX model");
        await Refused([model[0], picture, "--manifest", _rig.Folder["x.json"]], "x.json is no manifest");
        await Refused([model[0], picture, "--manifest", _rig.Folder["four.json"]], "4");
    }

    [Fact]
    public async Task Help_tells_options_and_exit_codes()
    {
        var help = await _rig.RunAsync("--help");

        Assert.Equal(0, help.Code);
        foreach (var word in (string[])["--save-frames", "--trusted-keys", "Exit codes: 0", "130"]) Assert.Contains(word, help.Out, StringComparison.Ordinal);
    }

    public void Dispose() => _rig.Dispose();

    private async Task Refused(string[] arguments, string sentence)
    {
        var ended = await _rig.RunAsync([.. arguments, "--out", _rig.Folder["a.jsonl"]]);
        Assert.Contains(sentence, ended.Error, StringComparison.Ordinal);
        Assert.Equal(78, ended.Code);
        Assert.Empty(Directory.EnumerateFiles(_rig.Folder.Path, "a.jsonl*"));
    }
}

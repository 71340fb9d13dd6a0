using System.Text.Json;
using CvOps.Agent.Tests.Capture;
using CvOps.Contracts.Packages;
using CvOps.Testing;
using CvOps.Vision.Packaging;

namespace CvOps.Agent.Tests.Offline;

/// <summary>The real program over videos, pictures and streams.</summary>
[Trait("tier", "integration")]
public sealed class OfflineRunTests : IDisposable
{
    private readonly OfflineRig _rig = new();

    [Fact]
    public async Task Every_frame_of_a_video_is_a_line_in_order_and_two_runs_write_the_same_bytes()
    {
        var video = _rig.Video(50);
        string[] run = [.. _rig.ColourModel(), video, "--batch", "4", "--track"];
        foreach (var name in (string[])["a.jsonl", "b.jsonl"]) Assert.Equal(0, (await _rig.RunAsync([.. run, "--out", _rig.Folder[name]])).Code);

        var lines = OfflineRig.Lines(_rig.Folder["a.jsonl"]);
        Assert.Equal(Enumerable.Range(0, 50), lines.Select(line => line.GetProperty("frame").GetInt32()));
        Assert.Equal(Enumerable.Range(1, 50), lines.Select(line => line.GetProperty("origin").GetProperty("sequence").GetInt32()));
        Assert.Equal(DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(1), lines[25].GetProperty("capturedAt").GetDateTimeOffset());
        Assert.Equal("line.mp4", lines[0].GetProperty("camera").GetString());
        Assert.All(lines, line => Assert.False(line.TryGetProperty("timings", out _)));
        Assert.Equal(await File.ReadAllBytesAsync(_rig.Folder["a.jsonl"], TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(_rig.Folder["b.jsonl"], TestContext.Current.CancellationToken));
        Assert.False(File.Exists(_rig.Folder["a.jsonl.partial"]));
    }

    [Fact]
    public async Task The_end_tells_frames_errors_classes_and_milliseconds()
    {
        var ended = await _rig.RunAsync([.. _rig.ColourModel(), _rig.Video(20), "--out", _rig.Folder["a.jsonl"]]);

        Assert.Equal(0, ended.Code);
        Assert.Contains("20 frames in ", ended.Out, StringComparison.Ordinal);
        Assert.Contains("0 errors", ended.Out, StringComparison.Ordinal);
        Assert.Matches(@"class +frames\n(\w+ +\d+\n)+", ended.Out);
        Assert.Matches(@"inference +\d+\.\d\d +\d+\.\d\d\n", ended.Out);
        Assert.Contains($"20 lines: {_rig.Folder["a.jsonl"]}", ended.Out, StringComparison.Ordinal);
        Assert.Equal("", ended.Error);
    }

    [Fact]
    public async Task Time_is_the_containers_where_it_knows_when_it_was_recorded()
    {
        var video = _rig.Video(3);
        var dated = _rig.Folder["dated.mp4"];
        await using var ffmpeg = TestProcess.Start("ffmpeg", ["-loglevel", "error", "-i", video, "-c", "copy", "-metadata", "creation_time=2026-05-04T03:02:01Z", dated]);
        Assert.Equal(0, await ffmpeg.WaitForExitAsync(OfflineRig.Deadline, TestContext.Current.CancellationToken));

        Assert.Equal(0, (await _rig.RunAsync([.. _rig.ColourModel(), dated, "--out", _rig.Folder["a.jsonl"]])).Code);

        Assert.Equal(DateTimeOffset.Parse("2026-05-04T03:02:01.04Z", System.Globalization.CultureInfo.InvariantCulture), OfflineRig.Lines(_rig.Folder["a.jsonl"])[1].GetProperty("capturedAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task Frames_and_seconds_end_a_video_early()
    {
        string[] run = [.. _rig.ColourModel(), _rig.Video(50), "--out", _rig.Folder["a.jsonl"]];

        Assert.Equal(0, (await _rig.RunAsync([.. run, "--frames", "7"])).Code);
        Assert.Equal(7, OfflineRig.Lines(_rig.Folder["a.jsonl"]).Count);
        Assert.Equal(0, (await _rig.RunAsync([.. run, "--seconds", "0.4"])).Code);
        Assert.Equal(10, OfflineRig.Lines(_rig.Folder["a.jsonl"]).Count);
    }

    [Fact]
    public async Task A_stream_is_read_for_as_many_frames_as_were_asked_for()
    {
        await using var camera = HttpCamera.Start("160x90");

        var ended = await _rig.RunAsync([.. _rig.ColourModel(), camera.Url, "--frames", "15", "--out", _rig.Folder["a.jsonl"]]);

        Assert.True(ended.Code == 0, ended.Error);
        var lines = OfflineRig.Lines(_rig.Folder["a.jsonl"]);
        Assert.Equal(15, lines.Count);
        Assert.True(lines[0].GetProperty("capturedAt").GetDateTimeOffset().Year >= 2026);
    }

    [Fact]
    public async Task Pictures_come_by_name_with_their_subfolders_and_one_that_cannot_be_decoded_has_its_line()
    {
        _rig.Picture("in/a.jpg", "red");
        _rig.Picture("in/sub/b.png", "lime", "30x20");
        _rig.Picture("in/c.bmp", "blue", "50x70");
        var whole = await File.ReadAllBytesAsync(_rig.Folder["in", "a.jpg"], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(_rig.Folder["in", "b.jpg"], whole[..^30], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_rig.Folder["in", "z.png"], "no picture", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_rig.Folder["in", "notes.txt"], "not asked for", TestContext.Current.CancellationToken);

        var ended = await _rig.RunAsync([.. _rig.ColourModel(), _rig.Folder["in"], "--out", _rig.Folder["a.jsonl"], "--batch", "3"]);

        var lines = OfflineRig.Lines(_rig.Folder["a.jsonl"]);
        Assert.Equal(["a.jpg", "b.jpg", "c.bmp", "sub/b.png", "z.png"], lines.Select(line => line.GetProperty("file").GetString()));
        Assert.Equal([0, 1, 2, 3, 4], lines.Select(line => line.GetProperty("frame").GetInt32()));
        Assert.Equal(["red", null, "blue", "green", null], lines.Select(line => line.GetProperty("prediction").TryGetProperty("class", out var name) ? name.GetString() : null));
        Assert.StartsWith("The JPEG", lines[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("It is neither a JPEG, a PNG nor a BMP (10 bytes).", lines[4].GetProperty("error").GetString());
        Assert.Equal(1, ended.Code);
        Assert.Contains("2 frames could not be inspected. The first: b.jpg: The JPEG", ended.Error, StringComparison.Ordinal);
        Assert.Contains("5 frames in ", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_on_standard_output_have_it_for_themselves()
    {
        var ended = await _rig.RunAsync([.. _rig.ColourModel(), _rig.Picture("one.png", "blue"), "--out", "-", "--timings"]);

        Assert.Equal(0, ended.Code);
        var line = JsonDocument.Parse(Assert.Single(ended.Out.TrimEnd('\n').Split('\n'))).RootElement;
        Assert.Equal("blue", line.GetProperty("prediction").GetProperty("class").GetString());
        Assert.True(line.GetProperty("timings").GetProperty("inferenceMs").GetDouble() > 0);
        Assert.Contains("1 frame in ", ended.Error, StringComparison.Ordinal);
        // With timings a line is a whole inspection report.
        Assert.Equal(0, JsonSerializer.Deserialize(ended.Out, Contracts.ContractsJson.Default.InspectionReport)!.Frame);
    }

    [Fact]
    public async Task A_signed_package_runs_and_its_signer_is_checked_when_keys_are_named()
    {
        var (package, picture) = (_rig.Folder["x.cvmodel"], _rig.Picture("one.png", "red"));
        _rig.ColourModel();
        var keys = Directory.CreateDirectory(_rig.Folder["keys"]).FullName;
        using (var key = SigningKeys.Create())
        {
            PackageBuilder.Build(package, OfflineRig.ColourManifest, await File.ReadAllBytesAsync(_rig.Folder["colour.onnx"], TestContext.Current.CancellationToken), [], key);
            SigningKeys.SavePublic(key, Path.Combine(keys, "me.pem"));
        }
        using var other = SigningKeys.Create();
        SigningKeys.SavePublic(other, Path.Combine(Directory.CreateDirectory(_rig.Folder["others"]).FullName, "other.pem"));

        var trusted = await _rig.RunAsync(package, picture, "--trusted-keys", keys);
        var unasked = await _rig.RunAsync(package, picture);
        var unknown = await _rig.RunAsync(package, picture, "--trusted-keys", _rig.Folder["others"], "--out", _rig.Folder["a.jsonl"]);

        Assert.Equal((0, ""), (trusted.Code, trusted.Error));
        Assert.Equal(0, unasked.Code);
        Assert.Contains("nobody vouched for it", unasked.Error, StringComparison.Ordinal);
        Assert.Equal(78, unknown.Code);
        Assert.Contains("is signed by unknown key", unknown.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_rig.Folder.Path, "a.jsonl*"));
    }

    public void Dispose() => _rig.Dispose();
}

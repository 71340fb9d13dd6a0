using System.Diagnostics;
using CvOps.Agent.Tests.Capture;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Offline;

/// <summary>What stays behind when a run does not come to its end.</summary>
[Trait("tier", "integration")]
public sealed class OfflineEndTests : IDisposable
{
    private readonly OfflineRig _rig = new();

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_run_that_is_stopped_keeps_its_whole_lines_and_says_how_far_it_came(string signal)
    {
        var saved = _rig.Folder["frames"];
        await using var run = _rig.Start([.. _rig.ColourModel(), _rig.Video(2_000), "--out", _rig.Folder["a.jsonl"], "--save-frames", saved]);
        await Eventually.Async(() => Directory.Exists(saved) && Directory.EnumerateFiles(saved).Skip(10).Any(), OfflineRig.Deadline, () => "no pictures", TestContext.Current.CancellationToken);
        using (var kill = Process.Start("kill", [$"-{signal}", $"{run.Id}"])) await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        var ended = await _rig.EndAsync(run);

        Assert.Equal(130, ended.Code);
        var lines = OfflineRig.Lines(_rig.Folder["a.jsonl.partial"]);
        Assert.InRange(lines.Count, 10, 1_999);
        Assert.Contains($"{lines.Count} frames had been inspected; their lines are in {_rig.Folder["a.jsonl.partial"]}.", ended.Error, StringComparison.Ordinal);
        Assert.Equal(lines.Count, Directory.EnumerateFiles(saved).Count());
        Assert.False(File.Exists(_rig.Folder["a.jsonl"]));
    }

    [Fact]
    public async Task A_full_disk_is_a_sentence_and_leaves_whole_lines()
    {
        // A limit of 100 KiB a file, as a disk that has no more. The runtime's own double mapping would not fit into it.
        var ended = await _rig.RunAsync([.. _rig.ColourModel(), _rig.Video(600), "--out", _rig.Folder["a.jsonl"]], "trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0; ulimit -f 200");

        Assert.Equal(1, ended.Code);
        Assert.Contains($"{_rig.Folder["a.jsonl.partial"]} can't be written: ", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        Assert.NotEmpty(OfflineRig.Lines(_rig.Folder["a.jsonl.partial"]));
        Assert.EndsWith("}\n", await File.ReadAllTextAsync(_rig.Folder["a.jsonl.partial"], TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_that_cannot_be_saved_ends_the_run_and_leaves_no_half_of_it()
    {
        var ended = await _rig.RunAsync([.. _rig.ColourModel(), CameraRig.Video(_rig.Folder, "large.mp4", 20, "1280x720"), "--save-frames", _rig.Folder["drawn"]], "trap '' XFSZ; export DOTNET_EnableWriteXorExecute=0; ulimit -f 8");

        Assert.Equal(1, ended.Code);
        Assert.Contains($"{_rig.Folder["drawn", "00000000.jpg"]} can't be written: ", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_rig.Folder["drawn"]));
    }

    [Theory]
    [InlineData("/dev/full")]
    [InlineData("-")]
    public async Task A_device_that_takes_no_more_is_a_sentence(string place)
    {
        var (model, video) = (_rig.ColourModel(), _rig.Video(400));
        await using var process = TestProcess.Start("sh", ["-c", $"exec \"$@\" {(place == "-" ? ">/dev/full" : "")}", "sh", TestProcess.DotNet, "exec", Host.AgentRig.Assembly, "run", .. model, video, "--out", place]);

        Assert.Equal(1, await process.WaitForExitAsync(OfflineRig.Deadline, TestContext.Current.CancellationToken));
        Assert.Contains("can't be written: No space left on device", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);
        Assert.False(File.Exists("/dev/full.partial"));
    }

    [Fact]
    public async Task A_summary_that_cannot_be_written_costs_no_line()
    {
        var (model, video) = (_rig.ColourModel(), _rig.Video(10));
        await using var process = TestProcess.Start("sh", ["-c", "exec \"$@\" >/dev/full", "sh", TestProcess.DotNet, "exec", Host.AgentRig.Assembly, "run", .. model, video, "--out", _rig.Folder["a.jsonl"]]);

        Assert.Equal(1, await process.WaitForExitAsync(OfflineRig.Deadline, TestContext.Current.CancellationToken));
        Assert.Contains("standard output can't be written: No space left on device", process.Output, StringComparison.Ordinal);
        Assert.Equal(10, OfflineRig.Lines(_rig.Folder["a.jsonl"]).Count);
    }

    [Fact]
    public async Task A_reader_that_goes_away_ends_the_run()
    {
        var (model, video) = (_rig.ColourModel(), _rig.Video(2_000));
        await using var process = TestProcess.Start("bash", ["-c", "\"$@\" | head -3 >/dev/null; exit ${PIPESTATUS[0]}", "sh", TestProcess.DotNet, "exec", Host.AgentRig.Assembly, "run", .. model, video, "--out", "-"]);

        Assert.Equal(1, await process.WaitForExitAsync(OfflineRig.Deadline, TestContext.Current.CancellationToken));
        Assert.Contains("standard output can't be written: Broken pipe", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_recording_is_inspected_as_far_as_it_can_be_decoded_and_said_to_be_damaged()
    {
        var bytes = await File.ReadAllBytesAsync(_rig.Video(100, "line.ts"), TestContext.Current.CancellationToken);
        new Random(1).NextBytes(bytes.AsSpan(bytes.Length / 2, bytes.Length / 10));
        await File.WriteAllBytesAsync(_rig.Folder["cut.ts"], bytes, TestContext.Current.CancellationToken);

        var ended = await _rig.RunAsync([.. _rig.ColourModel(), _rig.Folder["cut.ts"], "--out", _rig.Folder["a.jsonl"]]);

        Assert.Equal(1, ended.Code);
        Assert.InRange(OfflineRig.Lines(_rig.Folder["a.jsonl"]).Count, 10, 100);
        Assert.Contains("The decoder met damage", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_there_is_a_bar_and_on_a_dumb_one_there_is_none()
    {
        Skip.Unless(TestProcess.Find("script") is not null, "script is not installed: apt-get install bsdutils");
        string[] run = [TestProcess.DotNet, "exec", Host.AgentRig.Assembly, "run", .. _rig.ColourModel(), _rig.Video(1_500), "--save-frames", _rig.Folder["frames"]];
        async Task<string> On(string terminal)
        {
            await using var process = TestProcess.Start("script", ["-qec", string.Join(' ', run.Select(word => $"'{word}'")), "/dev/null"], new Dictionary<string, string?> { ["TERM"] = terminal });
            Assert.Equal(0, await process.WaitForExitAsync(OfflineRig.Deadline, TestContext.Current.CancellationToken));
            return process.Output;
        }

        Assert.Matches(@"\d+ % \[#*-*\]  \d+/1500 frames  [\d.]+/s  \d+:\d\d left", await On("xterm"));
        Assert.DoesNotContain("left", await On("dumb"), StringComparison.Ordinal);
    }

    public void Dispose() => _rig.Dispose();
}

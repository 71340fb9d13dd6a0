using CvOps.Agent.Drift.Compare;
using CvOps.Agent.Offline;
using CvOps.Agent.Tests.Offline;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Drift;

/// <summary>Two recordings held against each other by the real program.</summary>
public sealed class CompareCommandTests : IDisposable
{
    private readonly OfflineRig _rig = new();

    [Fact]
    public async Task A_lamp_that_ages_between_two_recordings_is_named_and_the_report_stands_alone()
    {
        var report = _rig.Folder["report.html"];

        var ended = await CompareAsync(TestData.Require("videos", "neu-line-normal.mp4"), TestData.Require("videos", "neu-line-drift.mp4"), "--out", report);

        Assert.True(ended.Code == OfflineExit.Done, ended.Error);
        Assert.Contains("ageing-lamp", ended.Out, StringComparison.Ordinal);
        Assert.Contains(report, ended.Out, StringComparison.Ordinal);
        var html = await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken);
        Assert.Contains("ageing-lamp", html, StringComparison.Ordinal);
        Assert.Contains("<svg", html, StringComparison.Ordinal);
        Assert.Contains("data:image/jpeg;base64,", html, StringComparison.Ordinal);
        // Nothing to fetch from anywhere: it can be mailed.
        Assert.DoesNotContain("src=\"http", html, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"http", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recording_held_against_itself_has_not_moved()
    {
        var video = TestData.Require("videos", "neu-line-normal.mp4");

        var ended = await CompareAsync(video, video);

        Assert.True(ended.Code == OfflineExit.Done, ended.Error);
        Assert.Contains("Nothing has moved", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_mistakes_of_the_command_line_are_told_at_once()
    {
        var ended = await _rig.RunVerbAsync(CompareCommand.Verb, "rtsp://camera/1", "--frames", "none", "--colour");

        Assert.Equal(OfflineExit.WrongInput, ended.Code);
        Assert.Contains("'none'", ended.Error, StringComparison.Ordinal);
        Assert.Contains("'--colour'", ended.Error, StringComparison.Ordinal);
        Assert.Contains("Two recordings are needed, and 1 is named", ended.Error, StringComparison.Ordinal);
        Assert.Contains("live stream", ended.Error, StringComparison.Ordinal);
        Assert.Contains("--model is needed", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no video at all")]
    [InlineData("")]
    public async Task What_is_no_video_is_refused_by_its_name(string content)
    {
        await File.WriteAllTextAsync(_rig.Folder["notes.mp4"], content, TestContext.Current.CancellationToken);

        var ended = await _rig.RunVerbAsync(CompareCommand.Verb, [_rig.Video(10), _rig.Folder["notes.mp4"], .. Model()]);

        Assert.Equal(OfflineExit.WrongInput, ended.Code);
        Assert.Contains("notes.mp4", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_never_replaces_what_is_read()
    {
        var video = _rig.Video(10);

        var ended = await _rig.RunVerbAsync(CompareCommand.Verb, [video, video, "--out", video, .. Model()]);

        Assert.Equal(OfflineExit.WrongInput, ended.Code);
        Assert.Contains("would replace what is read", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_frame_a_side_is_an_answer_without_a_cause()
    {
        var ended = await _rig.RunVerbAsync(CompareCommand.Verb, [_rig.Video(10), _rig.Video(10, "other.mp4"), "--frames", "1", .. Model()]);

        Assert.True(ended.Code == OfflineExit.Done, ended.Error);
        Assert.Contains("Nothing has moved", ended.Out, StringComparison.Ordinal);
    }

    public void Dispose() => _rig.Dispose();

    private Task<OfflineResult> CompareAsync(params string[] arguments) => _rig.RunVerbAsync(
        CompareCommand.Verb, [.. arguments, "--model", TestData.Require("models", "neu_classifier_v2.onnx"), "--manifest", OfflineRig.Manifest("neu_classifier_v2")]);

    /// <summary>A model that needs no recorded data.</summary>
    private string[] Model()
    {
        var colour = _rig.ColourModel();
        return ["--model", .. colour];
    }
}

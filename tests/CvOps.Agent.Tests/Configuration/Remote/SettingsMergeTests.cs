using CvOps.Agent.Capture;
using CvOps.Agent.Configuration;
using CvOps.Agent.Configuration.Remote;

namespace CvOps.Agent.Tests.Configuration.Remote;

public sealed class SettingsMergeTests
{
    private const string File = """
        site: plant
        device: press-1
        link: { brokers: ['mqtt://localhost:1883'] }
        cameras:
          - { id: a, url: 'rtsp://10.0.0.5/a', stale-after-seconds: 3 }
          - { id: b, url: 'rtsp://10.0.0.5/b' }
        sampling:
          frames-per-hour: 120
          rules: { novelty: 0.25 }
        """;

    [Fact]
    public void Settings_from_afar_win_key_by_key_and_leave_the_rest_of_the_file()
    {
        var options = SettingsMerge.Over(File, """
            cameras:
              - { id: b, max-age-seconds: 0.5 }
              - { id: '*', lost-after-seconds: 20 }
            sampling:
              rules: { margin: 0.5 }
            tracking:
              - { camera: a, high-score: 0.75, new-track-score: 0.8 }
            update: { soak-frames: 7 }
            """).Options;
        Assert.Equal((3, 20, null), (options.Cameras[0].StaleAfter.TotalSeconds, options.Cameras[0].LostAfter.TotalSeconds, options.Cameras[0].MaxAge));
        Assert.Equal((2, 20, 0.5), (options.Cameras[1].StaleAfter.TotalSeconds, options.Cameras[1].LostAfter.TotalSeconds, options.Cameras[1].MaxAge?.TotalSeconds));
        Assert.Equal((120, 0.25, 0.5), (options.Sampling.FramesPerHour, options.Sampling.Rules.Novelty, options.Sampling.Rules.Margin));
        Assert.Equal(("a", 0.75, 7), (options.Tracking.Single().Camera.Value, options.Tracking.Single().HighScore, options.Update.SoakFrames));
    }

    [Fact]
    public void Every_mistake_is_told_at_once_with_the_line_it_stands_in()
    {
        var mistakes = Assert.Throws<ConfigurationException>(() => SettingsMerge.Over(File, """
            cameras:
              - { id: a, url: 'rtsp://elsewhere/x', max-megapixels: 1000 }
              - { id: c, pace: live }
              - { id: b, lost-after-seconds: 1 }
              - { pace: live }
            link: { brokers: [] }
            sampling:
              frames-per-hour: many
              novely: 1
            update: { serve: '0.0.0.0:1' }
            model: { trusted-keys: /tmp }
            """)).Mistakes;
        Assert.Equal(
        [
            "line 2, cameras[0].url: it is changed at the device alone: it may hold the camera's password",
            "line 2, cameras[0].max-megapixels: 1000 is out of range; use 0.01 to 268",
            "line 3, cameras[1]: there is no camera 'c' here; there are a, b. Cameras are added at the device, whose file has their addresses",
            "line 4, cameras[1].lost-after-seconds: must be longer than the 2 s after which the camera is stale",
            "line 5, cameras[3]: an entry begins with '- id: ' and the camera's name, or '*' in quotes for every camera",
            "line 6, link: it can't be set from afar; cameras, drift, sampling, tracking, update and zones can",
            "line 8, sampling.frames-per-hour: 'many' is not a whole number",
            "line 9, sampling.novely: there is no such key; known here: ",
            "line 10, update.serve: it can't be set from afar; of this section soak-frames, ",
            "line 11, model: it can't be set from afar; cameras, drift, sampling, tracking, update and zones can",
        ], mistakes.Select(mistake => mistake.ToString()).Select((line, i) => i switch { 7 => line[..line.IndexOf(" here: ", StringComparison.Ordinal)] + " here: ", 8 => line[..line.IndexOf("soak-errors", StringComparison.Ordinal)].Replace("soak-seconds, ", "", StringComparison.Ordinal), _ => line }));
    }

    [Theory]
    [InlineData("- a list", "line 1: sections of 'key: value' lines are expected here")]
    [InlineData("sampling:\n\tframes-per-hour: 1", "line 1: this is not YAML")]
    [InlineData("drift: {}\n---\ndrift: {}", "line 1: one document is expected here")]
    [InlineData("a: &x [1]\nb: [*x, *x]", "line 2: aliases ('*name') are not taken from afar")]
    [InlineData("sampling: { frames-per-hour: 1 }\nsampling: { frames-per-hour: 2 }", "line 2: this is not YAML")]
    [InlineData("sampling: 5", "line 1, sampling: a section of 'key: value' lines is expected here")]
    [InlineData("cameras: { id: a }", "line 1, cameras: a list is expected here")]
    public void What_is_no_settings_document_is_refused_in_a_sentence(string settings, string sentence) =>
        Assert.StartsWith(sentence, Assert.Throws<ConfigurationException>(() => SettingsMerge.Over(File, settings)).Mistakes[0].ToString(), StringComparison.Ordinal);

    [Fact]
    public void Nesting_and_length_have_a_limit()
    {
        Assert.Contains("nested more than 32 deep", Assert.Throws<ConfigurationException>(() => SettingsMerge.Over(File, "drift: " + new string('[', 2000))).Message, StringComparison.Ordinal);
        Assert.Contains("65536 are taken at most", Assert.Throws<ConfigurationException>(() => SettingsMerge.Over(File, new string('#', 70_000))).Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(""), InlineData("# nothing\n"), InlineData("{}")]
    public void Settings_that_say_nothing_change_nothing(string settings) =>
        Assert.Equal(120, SettingsMerge.Over(File, settings).Options.Sampling.FramesPerHour);

    [Fact]
    public void A_section_that_reads_the_same_is_no_change()
    {
        var (own, other) = (EffectiveOptions.OfFile(File), SettingsMerge.Over(File, "sampling: { frames-per-hour: 120 }\ndrift: { window-frames: 9 }"));
        Assert.False(other.Differs(own, "sampling"));
        Assert.True(other.Differs(own, "drift"));
        Assert.True(CameraChanges.Between(own.Options.Cameras, other.Options.Cameras).IsNone);
    }
}

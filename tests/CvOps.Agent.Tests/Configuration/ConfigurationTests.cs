using CvOps.Agent.Configuration;
using CvOps.Agent.Sampling;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Configuration;

public sealed class ConfigurationTests
{
    private const string FiveMistakes = """
        site: plant-a
        device: device 1
        data: /var/lib/cvops-agent
        cameras:
          - id: cam-1
            ulr: rtsp://10.0.0.1/stream
          - id: cam-1
            url: rtsp://10.0.0.2/stream
        inference:
          threads: many
        health:
          interval-seconds: 0.1
        """;

    [Fact]
    public void Every_mistake_is_reported_at_once_with_its_line()
    {
        var mistakes = Mistakes(FiveMistakes + "\n" + Link);
        var seen = mistakes.Select(m => (m.Line, m.Key)).ToArray();
        Assert.Equal([(2, "device"), (5, "cameras[0].url"), (6, "cameras[0].ulr"), (7, "cameras[1].id"), (10, "inference.threads"), (12, "health.interval-seconds")], seen);
        Assert.Contains("did you mean 'url'", mistakes[2].Problem, StringComparison.Ordinal);
        Assert.Contains("whole number", mistakes[4].Problem, StringComparison.Ordinal);
        Assert.Contains("out of range", mistakes[5].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Mistakes_of_sampling_and_of_privacy_masks_are_told_together()
    {
        const string sampling = "sampling:\n  focus: 99\n  rules:\n    margin: 2\n  limits:\n    - { per: week, frames: 3 }\n    - { per: day }\n";
        const string camera = "cameras:\n  - id: cam\n    url: x.mp4\n    privacy-masks:\n      - polygon: [{ x: 0, y: 0 }, { x: 2, y: 1 }]\n";
        var keys = Mistakes(camera + sampling + Link).Select(mistake => mistake.Key).ToList();
        Assert.Empty(new HashSet<string>
        {
            "cameras[0].privacy-masks[0].polygon", "cameras[0].privacy-masks[0].polygon[1].x", "sampling.focus", "sampling.rules.margin", "sampling.limits[0].per", "sampling.limits[1]",
        }.Except(keys));

        // How fields of a section go together is asked once each of them makes sense.
        const string together = "sampling:\n  least-detections: 5\n  most-detections: 2\n  limits:\n    - { per: hour, frames: 1 }\n    - { per: hour, frames: 2 }\n";
        Assert.Empty(new HashSet<string> { "sampling.least-detections", "sampling.limits" }.Except(Mistakes(camera + together + Link).Select(mistake => mistake.Key)));
    }

    [Fact]
    public void Each_class_of_the_spool_has_its_own_budget_time_and_share_and_its_mistakes_are_told_together()
    {
        const string good = "spool:\n  budget-megabytes: 100\n  results: { time-to-live-hours: 2 }\n  frames: { budget-megabytes: 20, share: 3 }\n";
        var limits = CvOps.Agent.Spool.SpoolLimits.Of(ConfigurationFile.Parse("site: s\ndevice: d\ncameras: [{ id: cam, url: x.mp4 }]\n" + good + Link).Spool);
        Assert.Equal(
            [("Earlier", 100.0, 0, 8), ("Control", 6.25, 24, 16), ("Results", 100, 2, 8), ("Evidence", 12.5, 720, 2), ("Frames", 20, 720, 3)],
            limits.Classes.Select(it => ($"{it.Class}", it.BudgetBytes / 1048576.0, it.TimeToLive.TotalHours, it.Share)));

        const string bad = "spool:\n  control: { share: 0 }\n  results: { time-to-live-hours: -1 }\n  frame: { share: 1 }\n";
        Assert.Empty(new HashSet<string> { "spool.control.share", "spool.results.time-to-live-hours", "spool.frame" }.Except(Mistakes(bad + Link).Select(mistake => mistake.Key)));
        Assert.Contains("spool.frames", Mistakes("spool:\n  budget-megabytes: 100\n  frames: { budget-megabytes: 200 }\n" + Link).Select(mistake => mistake.Key));
    }

    [Theory]
    [InlineData("site: a\n  device: b", "not YAML")]
    [InlineData("", "it is missing")]
    [InlineData("- a\n- b", "section")]
    public void What_is_no_configuration_at_all_gets_a_sentence(string text, string part) =>
        Assert.Contains(Mistakes(text), mistake => mistake.ToString().Contains(part, StringComparison.Ordinal));

    [Fact]
    public void A_missing_file_is_one_clear_sentence()
    {
        var mistake = Assert.Single(Assert.Throws<ConfigurationException>(() => ConfigurationFile.Load("/nowhere/agent.yaml")).Mistakes);
        Assert.Contains("--config", mistake.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_example_file_loads()
    {
        using var folder = new TestFolder();
        foreach (var file in (string[])["ca.pem", "device.pem", "device.key"]) File.WriteAllText(folder[file], "");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder["device.key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "agent.yaml")).Replace("/var/lib/cvops-agent/identity", folder.Path, StringComparison.Ordinal);
        var options = ConfigurationFile.Parse(text);
        Assert.Equal("press-line-1", options.Device.Value);
        Assert.Equal(TimeSpan.FromSeconds(5), options.Update.Soak);
        Assert.Equal(new SamplingOptions(), options.Sampling);
    }

    [Theory]
    [InlineData("brokrs", "brokers")]
    [InlineData("trusted_keys", "trusted-keys")]
    [InlineData("colour", null)]
    public void The_nearest_key_is_suggested(string typed, string? expected) =>
        Assert.Equal(expected, NearestKey.Of(typed, ["brokers", "trusted-keys", "cameras"]));

    [Theory]
    [InlineData("BudgetMegabytes", "budget-megabytes")]
    [InlineData("CA", "ca")]
    [InlineData("Id", "id")]
    [InlineData("UrlOfTLSServer", "url-of-tls-server")]
    public void Keys_are_kebab_case(string name, string key) => Assert.Equal(key, Scalars.Kebab(name));

    internal const string Link = """
        link:
          brokers: ['mqtt://127.0.0.1:1883']
        """;

    private static IReadOnlyList<Mistake> Mistakes(string text) => Assert.Throws<ConfigurationException>(() => ConfigurationFile.Parse(text)).Mistakes;
}

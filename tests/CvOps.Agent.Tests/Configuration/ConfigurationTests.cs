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
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "agent.yaml")).Replace("/etc/cvops", folder.Path, StringComparison.Ordinal);
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

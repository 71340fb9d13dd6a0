using CvOps.Agent.Actuation;
using CvOps.Agent.Configuration;

namespace CvOps.Agent.Tests.Actuation;

public sealed class ActuationOptionsTests
{
    private const string Head = """
        site: plant-a
        device: device-1
        link:
          brokers: ['mqtt://127.0.0.1:1883']
        cameras:
          - id: cam-1
            url: rtsp://10.0.0.1/stream
          - id: cam-2
            url: rtsp://10.0.0.2/stream

        """;

    [Fact]
    public void A_whole_section_is_read()
    {
        var options = ConfigurationFile.Parse(Head + """
            actuation:
              - camera: cam-1
                chip: 1
                trigger: { pin: 17, edge: falling, capture: window, window-seconds: 0.1, early-seconds: 0.02, debounce-seconds: 0.01 }
                encoder: { pin: 18 }
                reject: { pin: 22, active: low, delay-counts: 1200, pulse-seconds: 0.03, missed-action: pass }
                stack-light: { green: 5, yellow: 6, red: 13 }
                fail-safe: { pin: 26, healthy: high }
            """);
        var actuation = Assert.Single(options.Actuation);
        Assert.Equal(new TriggerOptions
        {
            Pin = 17, Edge = Edge.Falling, Capture = TriggerCapture.Window, Window = TimeSpan.FromSeconds(0.1), Early = TimeSpan.FromSeconds(0.02), Debounce = TimeSpan.FromSeconds(0.01),
        }, actuation.Trigger);
        Assert.Equal(new RejectOptions { Pin = 22, Active = Level.Low, DelayCounts = 1200, Pulse = TimeSpan.FromSeconds(0.03), MissedAction = MissedAction.Pass }, actuation.Reject);
        Assert.Equal((1, 5, 6, 13, 26, 18), (actuation.Chip, actuation.StackLight!.Green, actuation.StackLight.Yellow, actuation.StackLight.Red, actuation.FailSafe!.Pin, actuation.Encoder!.Pin));
    }

    [Fact]
    public void The_examples_section_is_read_when_its_comment_signs_go()
    {
        var example = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "agent.yaml")).SkipWhile(line => !line.StartsWith("# actuation:", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('#'));
        var actuation = Assert.Single(ConfigurationFile.Parse(Head + string.Join('\n', example.Select(line => line[2..]))
            .Replace("    encoder:", "    # encoder:", StringComparison.Ordinal) + "\n").Actuation);
        Assert.Equal(new TriggerOptions { Pin = 17 }, actuation.Trigger);
        Assert.Equal(new RejectOptions { Pin = 22, Delay = TimeSpan.FromSeconds(0.8) }, actuation.Reject);
    }

    [Theory]
    [InlineData("- camera: cam-1\n  reject: { pin: 22 }", "either delay-seconds or delay-counts")]
    [InlineData("- camera: cam-1\n  reject: { pin: 22, delay-seconds: 1, delay-counts: 5 }", "either delay-seconds or delay-counts")]
    [InlineData("- camera: cam-1\n  reject: { pin: 22, delay-counts: 5 }", "needs an 'encoder' section")]
    [InlineData("- camera: cam-1\n  encoder: { pin: 3 }\n  reject: { pin: 22, delay-seconds: 1 }", "nothing uses the encoder")]
    [InlineData("- camera: cam-1\n  trigger: { pin: 3 }\n  fail-safe: { pin: 4 }", "does nothing without a 'reject'")]
    [InlineData("- camera: cam-1\n  trigger: { pin: 3, window-seconds: 2 }\n  reject: { pin: 22, delay-seconds: 1 }", "must end before the reject's delay of 1 s")]
    [InlineData("- camera: cam-1", "no pin is named")]
    [InlineData("- camera: cam-3\n  fail-safe: { pin: 4 }", "there is no camera 'cam-3'; the cameras are cam-1, cam-2")]
    [InlineData("- camera: cam-1\n  fail-safe: { pin: 4 }\n- camera: cam-1\n  stack-light: { red: 5 }", "has an entry already")]
    [InlineData("- camera: cam-1\n  fail-safe: { pin: 4 }\n- camera: cam-2\n  stack-light: { red: 4 }", "pin 4 is also actuation[0].fail-safe.pin")]
    [InlineData("- camera: cam-1\n  stack-light: { blue: 4 }", "there is no such key")]
    public void A_mistake_is_a_sentence(string section, string part)
    {
        var text = Head + "actuation:\n" + string.Join('\n', section.Split('\n').Select(line => "  " + line)) + "\n";
        var mistake = Assert.Single(Assert.Throws<ConfigurationException>(() => ConfigurationFile.Parse(text)).Mistakes, it => it.ToString().Contains(part, StringComparison.Ordinal));
        Assert.StartsWith("actuation[", mistake.Key, StringComparison.Ordinal);
    }
}

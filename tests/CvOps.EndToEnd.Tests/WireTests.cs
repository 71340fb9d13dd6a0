using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

public sealed class WireTests
{
    private const string Heading = "## What the wire says";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_READMEs_commands_follow_a_devices_life()
    {
        Skip.Unless(TestProcess.Find("mosquitto_sub") is not null, "mosquitto_sub is not installed (apt-get install mosquitto-clients).");
        using var folder = new TestFolder();
        var broker = TestProcess.FreePort();
        await using var up = Cvops.Start(
            "up", "--lines", "1", "--data", folder["stack"], "--http-port", $"{TestProcess.FreePort()}", "--broker-port", $"{broker}", "--simulator-port", $"{TestProcess.FreePort()}");
        await up.WaitForOutputAsync("Rolling out", TimeSpan.FromSeconds(120), Cancel);

        var readme = await File.ReadAllTextAsync(TestData.InRepository("README.md"), Cancel);
        var block = readme[readme.IndexOf(Heading, StringComparison.Ordinal)..].Split("```")[1]["sh\n".Length..];
        await using var shell = TestProcess.Start("sh", ["-c", block.Replace("artifacts/up/", folder["stack"] + "/", StringComparison.Ordinal).Replace("-p 8883", $"-p {broker}", StringComparison.Ordinal)]);
        await shell.WaitForExitAsync(TimeSpan.FromSeconds(120), Cancel);

        foreach (var part in new[]
        {
            "/device-1/status {\"device\":\"device-1\",\"connectivity\":\"Online\"", "/device-1/birth {\"site\":\"plant-a\"", "/device-1/health {\"origin\":", "/device-1/twin/reported {\"desiredVersion\":",
            "/device-1/inspection/cam-1 specversion:1.0", "dataschema:urn:cvops:v1:InspectionReport", "/device-1/inspection/cam-1 ",
        }) Assert.Contains(part, shell.Output, StringComparison.Ordinal);
    }
}

using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

/// <summary>A device's way into a running fleet and out of it, by the commands of deploy/edge/README.md alone.</summary>
public sealed class AccessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Agent { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Cvops.Program)!, "..", "..", "CvOps.Agent", Path.GetFileName(Path.GetDirectoryName(Cvops.Program)!), "cvops-agent"));

    [Fact]
    public async Task A_device_is_enrolled_does_a_signed_command_and_is_put_out_when_revoked()
    {
        using var folder = new TestFolder();
        var (port, stack) = (TestProcess.FreePort(), folder["stack"]);
        var fleet = $"http://127.0.0.1:{port}";
        await using var up = Cvops.Start("up", "--lines", "1", "--data", stack, "--http-port", $"{port}", "--broker-port", $"{TestProcess.FreePort()}", "--simulator-port", $"{TestProcess.FreePort()}");
        using var http = Cvops.Client(stack, port);
        await Is(http, "device-1", Connectivity.Online, up);

        var made = await Run(Cvops.Start("device", "token", "create", "one more", "--devices", "extra-1", "--fleet", fleet));
        var token = made.Split("--token ")[1].Trim();
        var yaml = folder["agent.yaml"];
        await File.WriteAllTextAsync(yaml, $"""
            site: plant-a
            device: extra-1
            data: '{folder["data"]}'
            model:
              trusted-keys: '{stack}/trusted-keys'
            cameras:
              - id: cam-1
                url: http://127.0.0.1:9/none
            health:
              listen: off

            """, Cancel);
        await Run(TestProcess.Start(Agent, ["enroll", "--fleet", fleet, "--token", token, "--config", yaml]));
        await Run(TestProcess.Start(Agent, ["check", "--config", yaml]));
        await using var agent = TestProcess.Start(Agent, ["--config", yaml]);
        await Is(http, "extra-1", Connectivity.Online, agent);
        Assert.Contains("The agent is here", await Run(Cvops.Start("device", "command", "extra-1", "ping", "--fleet", fleet)), StringComparison.Ordinal);

        await Run(Cvops.Start("device", "revoke", "extra-1", "--reason", "stolen", "--fleet", fleet));
        await Is(http, "extra-1", Connectivity.Offline, agent);
        // TLS 1.3 says why only after the client has begun to speak: what the server does not read any more resets the connection, and the reason may be lost on the way.
        await Eventually.Async(() => agent.Output.Contains("revoked", StringComparison.Ordinal) || agent.Output.Contains("A server that refuses the client's certificate", StringComparison.Ordinal), Patience, () => agent.Output, Cancel);
        Assert.Contains("stolen", await Run(Cvops.Start("device", "certificates", "extra-1", "--fleet", fleet, "--json")), StringComparison.Ordinal);
        string[] audited = [];
        // The broker's own log is read a moment after the device heard of it.
        await Eventually.Async(async () =>
        {
            audited = [.. (await http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, Cancel))!.Entries.Select(entry => entry.Action)];
            return new[] { "enrolment.token.created", "device.enrolled", "device.command", "device.command.answered", "device.revoked", "broker.refused" }.All(audited.Contains);
        }, Patience, () => string.Join(", ", audited), Cancel);
        Assert.Equal(Connectivity.Online, (await http.GetFromJsonAsync("devices/device-1", ContractsJson.Default.DeviceView, Cancel))!.Connectivity);
    }

    private static Task Is(HttpClient http, string device, Connectivity connectivity, TestProcess process) => Eventually.Async(async () =>
    {
        if (process.HasExited) throw new InvalidOperationException($"It ended: {process.Output}");
        try
        {
            return (await http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, Cancel))!.Any(view => view.Id.Value == device && view.Connectivity == connectivity);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }, Patience, () => $"{device} is not {connectivity}: {process.Output}", Cancel);

    /// <returns>What it said; it ended with 0.</returns>
    private static async Task<string> Run(TestProcess process)
    {
        await using (process)
        {
            var code = await process.WaitForExitAsync(Patience, Cancel);
            Assert.True(code == 0, process.Output);
            return process.Output;
        }
    }
}

using System.Net;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Serving;

/// <summary>What balancers and containers ask the fleet as a process of its own.</summary>
[Trait("tier", "integration")]
public sealed class ReadinessTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll");
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fleet_that_was_told_to_stop_says_that_it_is_not_ready_while_it_still_answers()
    {
        await using var fleet = await FleetHost.StartAsync(start: false);
        var port = TestProcess.FreePort();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await using var program = TestProcess.StartAssembly(Program, [.. fleet.Arguments(port), "--drain-delay", "00:00:04"]);
        await program.WaitForOutputAsync("listens on", Deadline, Token);
        await Eventually.Async(async () => (await http.GetAsync("/readyz", Token)).StatusCode == HttpStatusCode.OK, Deadline, () => program.Output, Token);
        Assert.Equal((0, "ok"), await HealthAsync(port));
        Assert.Equal((0, "ready"), await HealthAsync(port, "--ready"));

        var stopping = program.StopAsync(Deadline, Token);
        await Eventually.Async(async () => (await http.GetAsync("/readyz", Token)).StatusCode == HttpStatusCode.ServiceUnavailable, Deadline, () => program.Output, Token);
        Assert.Equal("stopping\n", await (await http.GetAsync("/readyz", Token)).Content.ReadAsStringAsync(Token));
        Assert.Equal("ok\n", await http.GetStringAsync("/healthz", Token));
        var (code, said) = await HealthAsync(port, "--ready");
        Assert.Equal(1, code);
        Assert.Contains("answers 503: stopping", said, StringComparison.Ordinal);
        Assert.Equal(0, await stopping);
    }

    [Fact]
    public async Task Health_of_a_fleet_that_is_not_there_is_1_and_of_no_address_78()
    {
        var (code, said) = await HealthAsync(TestProcess.FreePort());
        Assert.Equal(1, code);
        Assert.Contains("does not answer", said, StringComparison.Ordinal);
        using var output = new StringWriter();
        Assert.Equal(78, await HealthCommand.RunAsync(["health", "--http", "nonsense"], Path.GetTempPath(), output, output));
        Assert.Contains("no address that can be asked", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_setting_may_come_as_a_file_of_its_own_and_the_environment_comes_before_it()
    {
        using var folder = new TestFolder();
        var secrets = Directory.CreateDirectory(folder["secrets"]).FullName;
        // As a cluster lays them out: names are links through a folder that is replaced as a whole.
        Directory.CreateDirectory(Path.Combine(secrets, "..2026"));
        File.WriteAllText(Path.Combine(secrets, "..2026", "Fleet__Smtp__Password"), "open sesame\n");
        File.CreateSymbolicLink(Path.Combine(secrets, "..data"), "..2026");
        File.CreateSymbolicLink(Path.Combine(secrets, "Fleet__Smtp__Password"), "..data/Fleet__Smtp__Password");
        File.WriteAllText(Path.Combine(secrets, "Fleet__ClientId"), "fleet-7\n");
        File.WriteAllText(Path.Combine(secrets, "grafana-password"), "another program's");
        var (options, mistakes) = CommandLine.Some(["--secrets", secrets], folder.Path);
        Assert.Empty(mistakes);
        Assert.Equal(("fleet-7", "open sesame"), (options.ClientId, options.Smtp?.Password));
        Assert.Equal("fleet-8", CommandLine.Some(["--secrets", secrets, "--client-id", "fleet-8"], folder.Path).Options.ClientId);

        File.WriteAllText(Path.Combine(secrets, "Fleet__Colour"), "red");
        Assert.Contains("Colour", Assert.Single(CommandLine.Some(["--secrets", secrets], folder.Path).Mistakes), StringComparison.Ordinal);
        Assert.Contains("there is no such folder", Assert.Single(CommandLine.Some(["--secrets", folder["none"]], folder.Path).Mistakes), StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Said)> HealthAsync(int port, params string[] more)
    {
        using var said = new StringWriter();
        var code = await HealthCommand.RunAsync(["health", "--http", $"http://0.0.0.0:{port}", .. more], Path.GetTempPath(), said, said);
        return (code, said.ToString().Trim());
    }
}

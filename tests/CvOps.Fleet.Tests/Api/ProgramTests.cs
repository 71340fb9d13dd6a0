using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using CvOps.Contracts;
using CvOps.Contracts.Identity;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Api;

public sealed class ProgramTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll");

    [Fact]
    public void Every_mistake_in_the_settings_is_named_at_once()
    {
        using var folder = new TestFolder();
        var (_, mistakes) = CommandLine.Read(["--http", "http://0.0.0.0:80", "--broker", "tcp://x", "--colour", "red", "--trusted-keys", folder["none"], "--key", folder["no.key"]], folder.Path);
        Assert.Collection(mistakes.Where(m => !m.StartsWith("Fleet:Cluster", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            m => Assert.Contains("'--colour' is no option", m, StringComparison.Ordinal),
            m => Assert.Contains("'red' is no option", m, StringComparison.Ordinal),
            m => Assert.Contains("--broker 'tcp://x'", m, StringComparison.Ordinal),
            m => Assert.Contains("--allow-plain-network", m, StringComparison.Ordinal),
            m => Assert.Contains("no.key: there is no such file", m, StringComparison.Ordinal),
            m => Assert.Contains("there is no such folder", m, StringComparison.Ordinal));
    }

    [Fact, System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void Keys_that_others_may_read_are_refused()
    {
        using var folder = new TestFolder();
        foreach (var name in (string[])["link.key", "sign.key"])
        {
            File.WriteAllText(folder[name], "");
            File.SetUnixFileMode(folder[name], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        }
        var (_, mistakes) = CommandLine.Read(["--key", folder["link.key"], "--signing-key", folder["sign.key"]], folder.Path);
        Assert.Equal(2, mistakes.Count(m => m.Contains("chmod 600", StringComparison.Ordinal)));
    }

    [Fact, System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void An_authority_that_is_none_or_open_to_others_is_refused_with_what_belongs_to_it()
    {
        using var folder = new TestFolder();
        using (CertificateAuthority.Create(folder["authority"])) { }
        Assert.Empty(About("--authority", folder["authority"], "--public-brokers", "mqtts://one.example:8883, mqtts://two.example:8883"));
        Assert.Contains("no ca.pem with ca.key", Assert.Single(About("--authority", folder["none"])), StringComparison.Ordinal);
        Assert.Contains("mqtt://one.example", Assert.Single(About("--authority", folder["authority"], "--public-brokers", "mqtt://one.example")), StringComparison.Ordinal);
        Assert.Contains("CertificateLifetime", Assert.Single(About("--authority", folder["authority"], "--certificate-lifetime", "00:00:10")), StringComparison.Ordinal);
        File.SetUnixFileMode(folder["authority", "ca.key"], UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains("chmod 600", Assert.Single(About("--authority", folder["authority"])), StringComparison.Ordinal);

        string[] About(params string[] arguments) => [.. CommandLine.Read(arguments, folder.Path).Mistakes
            .Where(m => m.Contains("authority", StringComparison.Ordinal) && !m.StartsWith("--ca ", StringComparison.Ordinal) || m.Contains("--public-brokers", StringComparison.Ordinal) || m.Contains("CertificateLifetime", StringComparison.Ordinal))];
    }

    [Fact]
    public void A_cluster_is_needed_by_the_build_that_can_join_one_and_refused_by_the_other()
    {
        using var folder = new TestFolder();
        var without = ClusterMistake();
        File.WriteAllText(folder["appsettings.json"], """{ "Fleet": { "Cluster": "Host=db;Database=orleans" } }""");
        var with = ClusterMistake();
        Assert.True(without is null ^ with is null, $"{without} {with}");
        Assert.Contains(without is null ? "-p:PublishedPackages=true" : "Fleet__Cluster", without ?? with, StringComparison.Ordinal);

        string? ClusterMistake() => CommandLine.Read([], folder.Path).Mistakes.SingleOrDefault(m => m.StartsWith("Fleet:Cluster", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mistake_ends_the_program_with_78_and_a_sentence()
    {
        await using var program = TestProcess.StartAssembly(Program, ["--http", "nonsense"]);
        Assert.Equal(78, await program.WaitForExitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Contains("--http 'nonsense' is no address", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_busy_port_and_a_damaged_database_are_one_sentence_each()
    {
        await using var fleet = await FleetHost.StartAsync(start: false);
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        await using (var program = TestProcess.StartAssembly(Program, fleet.Arguments(((IPEndPoint)busy.LocalEndpoint).Port)))
        {
            Assert.Equal(78, await program.WaitForExitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            Assert.Contains("Another program listens on", Assert.Single(program.Output.Trim().Split('\n')), StringComparison.Ordinal);
        }
        foreach (var file in Directory.GetFiles(fleet.Options.Data, "fleet.db*")) File.Delete(file);
        await File.WriteAllTextAsync(Path.Combine(fleet.Options.Data, "fleet.db"), new string('x', 4096), TestContext.Current.CancellationToken);
        await using var second = TestProcess.StartAssembly(Program, fleet.Arguments(0));
        Assert.Equal(78, await second.WaitForExitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Contains("cannot be used", Assert.Single(second.Output.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_with_a_hard_signal_it_has_everything_it_acknowledged_when_it_is_back()
    {
        await using var fleet = await FleetHost.StartAsync(start: false);
        var port = TestProcess.FreePort();
        using var http = fleet.Client(new Uri($"http://127.0.0.1:{port}"));
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await using (var first = TestProcess.StartAssembly(Program, fleet.Arguments(port)))
        {
            await first.WaitForOutputAsync("Connected to", TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            for (var i = 0; i < 300; i++) await device.SendAsync(device.Inspection(i));
            await first.KillAsync();
        }
        for (var i = 300; i < 400; i++) await device.SendAsync(device.Inspection(i));
        await using var second = TestProcess.StartAssembly(Program, fleet.Arguments(port));
        await second.WaitForOutputAsync("listens on", TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await FleetHost.UntilAsync(async () => (await http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, TestContext.Current.CancellationToken))!
            .SingleOrDefault()?.Inspections == 400, "400 inspections, each once");
        Assert.Equal(0, await second.StopAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_second_fleet_on_the_same_data_is_refused_until_the_first_is_gone_however_it_went()
    {
        await using var fleet = await FleetHost.StartAsync(start: false);
        await using (var first = TestProcess.StartAssembly(Program, fleet.Arguments(0)))
        {
            await first.WaitForOutputAsync("listens on", TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            await using var second = TestProcess.StartAssembly(Program, fleet.Arguments(0));
            Assert.Equal(78, await second.WaitForExitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            Assert.Contains("Another fleet runs on the data", Assert.Single(second.Output.Trim().Split('\n')), StringComparison.Ordinal);
            await first.KillAsync();
        }
        await using var third = TestProcess.StartAssembly(Program, fleet.Arguments(0));
        await third.WaitForOutputAsync("listens on", TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}

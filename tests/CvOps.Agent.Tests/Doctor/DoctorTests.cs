using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Agent.Doctor;
using CvOps.Agent.Tests.Host;
using CvOps.Contracts;
using CvOps.Contracts.Doctor;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Telemetry;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Doctor;

/// <summary>The verb <c>doctor</c> at a real broker, with real cameras and models, whole and broken.</summary>
[Trait("tier", "integration"), Collection("agent process")]
public sealed class DoctorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_whole_device_fails_nothing_and_each_thing_is_looked_at_in_order()
    {
        await using var rig = await AgentRig.CreateAsync();
        var (code, report) = await LookAsync(rig);
        Assert.True(code == 0, DoctorText.Of(report));
        string[] order = ["configuration", "agent", "broker", "broker's access", "broker's certificate", "certificate", "authority", "clock", "disk", "camera", "trusted keys", "model", "fleet"];
        Assert.Equal(order, report.Findings.Select(finding => finding.Check).Distinct());
        Assert.Contains("160x90", Finding(report, "camera").Found, StringComparison.Ordinal);
        Assert.Contains("golden vectors' answers on CPU", Finding(report, "model").Found, StringComparison.Ordinal);
        Assert.All(report.Findings, finding => Assert.Equal(finding.Level == CheckLevel.Ok, finding.Mend is null));
    }

    [Fact]
    public async Task A_stopped_broker_is_named_with_the_command_that_starts_it()
    {
        await using var rig = await AgentRig.CreateAsync();
        await rig.Broker.KillAsync();
        var path = rig.Configure();
        // Past the proxy, which listens whether the broker does or not.
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path, Token)).Replace($"localhost:{rig.Proxy.Port}", $"localhost:{rig.Broker.Port}", StringComparison.Ordinal), Token);
        var (code, report) = await LookAsync(path);
        Assert.Equal(1, code);
        var broker = Finding(report, "broker");
        Assert.Equal(CheckLevel.Fail, broker.Level);
        Assert.Contains("nothing listens", broker.Found, StringComparison.Ordinal);
        Assert.Contains("systemctl start mosquitto", broker.Mend, StringComparison.Ordinal);
        Assert.Equal(CheckLevel.Ok, Finding(report, "camera").Level);
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_enrolled_anew_and_the_broker_is_said_to_refuse_it()
    {
        await using var rig = await AgentRig.CreateAsync();
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        using (var ended = rig.Broker.Authority.Certify(DeviceRequest.Read(DeviceRequest.Make(AgentRig.Device, key)), TimeSpan.FromMilliseconds(1)))
        {
            await File.WriteAllTextAsync(rig.DeviceKey, key.ExportPkcs8PrivateKeyPem(), Token);
            await File.WriteAllTextAsync(Path.ChangeExtension(rig.DeviceKey, ".pem"), ended.ExportCertificatePem(), Token);
        }
        var (code, report) = await LookAsync(rig);
        Assert.Equal(1, code);
        var own = Finding(report, "certificate");
        Assert.Equal(CheckLevel.Fail, own.Level);
        Assert.Contains("has ended", own.Found, StringComparison.Ordinal);
        Assert.Contains("cvops-agent enroll", own.Mend, StringComparison.Ordinal);
        Assert.Equal(CheckLevel.Fail, Finding(report, "broker").Level);
    }

    [Fact]
    public async Task A_silent_camera_fails_within_its_time_and_the_others_are_looked_at()
    {
        await using var rig = await AgentRig.CreateAsync();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        rig.Cameras = $"  - {{ id: deaf, url: 'http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/video', connect-timeout-seconds: 2 }}\n{rig.Cameras}";
        var begun = Stopwatch.GetTimestamp();
        var (code, report) = await LookAsync(rig);
        Assert.Equal(1, code);
        var cameras = report.Findings.Where(finding => finding.Check == "camera").ToArray();
        Assert.Equal([CheckLevel.Fail, CheckLevel.Ok], cameras.Select(camera => camera.Level));
        Assert.Contains("sent no frame within 2 s", cameras[0].Found, StringComparison.Ordinal);
        Assert.Contains("ffprobe", cameras[0].Mend, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_model_that_is_not_ONNX_is_refused_in_the_runtimes_words()
    {
        await using var rig = await AgentRig.CreateAsync();
        rig.Packages.Repack("v1", parts => parts with { Onnx = "no graph at all"u8.ToArray() });
        var (code, report) = await LookAsync(rig);
        Assert.Equal(1, code);
        var model = Finding(report, "model");
        Assert.Equal(CheckLevel.Fail, model.Level);
        Assert.Contains("model: package", model.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_and_a_folder_that_is_not_there_are_told_apart()
    {
        await using var rig = await AgentRig.CreateAsync();
        var mount = Directory.CreateDirectory(rig.Packages.Folder["small"]).FullName;
        using (var mounting = Process.Start("mount", ["-t", "tmpfs", "-o", "size=4m", "none", mount]))
        {
            await mounting.WaitForExitAsync(Token);
            Skip.Unless(mounting.ExitCode == 0, "this user may not mount a small disk");
        }
        try
        {
            var full = DoctorRules.Disk("disk", DiskProbe.Try(mount), 1, 1, "Make room.");
            Assert.Equal((CheckLevel.Fail, "Make room."), (full.Level, full.Mend));
            Assert.Contains("space", full.Found, StringComparison.OrdinalIgnoreCase);
            Assert.Empty(Directory.EnumerateFiles(mount));
        }
        finally
        {
            using var ending = Process.Start("umount", [mount]);
            await ending.WaitForExitAsync(Token);
        }
        var gone = DoctorRules.Disk("disk", DiskProbe.Try(Path.Combine(mount, "gone")), 1, 1, "Make room.");
        Assert.Equal(CheckLevel.Fail, gone.Level);
        Assert.Contains("install -d", gone.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Beside_an_agent_that_runs_nobody_signs_in_under_its_name()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = await rig.StartInspectingAsync();
        var (_, report) = await LookAsync(rig, configure: false);
        Assert.Contains($"process {agent.Process.Id}", Finding(report, "agent").Found, StringComparison.Ordinal);
        Assert.Equal(CheckLevel.Ok, Finding(report, "broker").Level);
        await rig.ArrivedAsync(5, agent);
        Assert.DoesNotContain(rig.Fleet.On(AgentRig.Topics.Status, ContractsJson.Default.DeviceStatus), status => status.Connectivity == Connectivity.Offline);
        Assert.DoesNotContain("SessionTakenOver", agent.Process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_of_the_configuration_are_all_told_and_nothing_else_is_looked_at()
    {
        using var folder = new TestFolder();
        var path = folder["agent.yaml"];
        await File.WriteAllTextAsync(path, "site: plant\ndevice: d1\nlink: { brokers: ['tcp://x'] }\ncameras: []\n", Token);
        var (code, report) = await LookAsync(path);
        Assert.Equal(1, code);
        Assert.All(report.Findings, finding => Assert.Equal(("configuration", CheckLevel.Fail), (finding.Check, finding.Level)));
        Assert.InRange(report.Findings.Count, 2, 10);
    }

    [Theory]
    [InlineData(new[] { "/usr/bin/cvops-agent", "--config", "a.yaml" }, "a.yaml")]
    [InlineData(new[] { "dotnet", "exec", "/x/cvops-agent.dll", "--config", "/b.yaml" }, "/b.yaml")]
    [InlineData(new[] { "cvops-agent" }, "/etc/cvops/agent.yaml")]
    [InlineData(new[] { "cvops-agent", "status" }, null)]
    [InlineData(new[] { "vi", "/etc/x", "y", "cvops-agent" }, null)]
    public void A_command_line_says_which_configuration_an_agent_runs_with(string[] words, string? expected) => Assert.Equal(expected, RunningAgent.Reads(words));

    private static DoctorFinding Finding(DoctorReport report, string check) => report.Findings.First(finding => finding.Check == check);

    private static Task<(int Code, DoctorReport Report)> LookAsync(AgentRig rig, bool configure = true) => LookAsync(configure ? rig.Configure() : rig.Packages.Folder["agent.yaml"]);

    private static async Task<(int Code, DoctorReport Report)> LookAsync(string path)
    {
        using var output = new StringWriter();
        var code = await DoctorCommand.RunAsync(["--config", path, "--json"], output, output);
        return (code, JsonSerializer.Deserialize(output.ToString(), ContractsJson.Default.DoctorReport)!);
    }
}

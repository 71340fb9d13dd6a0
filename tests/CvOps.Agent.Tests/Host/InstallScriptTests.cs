using CvOps.Testing;

namespace CvOps.Agent.Tests.Host;

/// <summary>What <c>deploy/edge</c> brings to a device, as far as it can be tried without one; <c>make test-systemd</c> does the rest.</summary>
[Trait("tier", "integration")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class InstallScriptTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static string Edge => TestData.InRepository("deploy", "edge");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_the_installer_cannot_do_it_says_in_a_sentence()
    {
        if (TestProcess.Find("dpkg-deb") is null) Skip.Because("dpkg-deb is not there: this is not Debian.");
        File.WriteAllText(_folder["some.deb"], "no package");
        Directory.CreateDirectory(_folder["empty"]);
        var foreign = await PackAsync("cvops-agent", "riscv64");
        var another = await PackAsync("something-else", "all");
        foreach (var (arguments, part) in new (string[], string)[]
        {
            ([], "Usage: install.sh PACKAGE"),
            ([foreign, "--bogus"], "unknown option '--bogus'"),
            ([foreign, another], "only one package"),
            ([foreign, "--devices"], "--devices needs a list"),
            ([_folder["none.deb"]], "there is no"),
            ([_folder["some.deb"]], "is no package of the agent"),
            ([another], "is no package of the agent"),
            ([_folder["empty"]], "holds 0 packages"),
            ([foreign], "is for riscv64; this machine is"),
        })
        {
            var (code, said) = await RunAsync(Path.Combine(Edge, "install.sh"), [], arguments);
            Assert.Equal(1, code);
            Assert.Contains(part, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_list_of_devices_is_the_whole_list()
    {
        var (share, root) = (Path.Combine(Edge, "devices"), _folder["root"]);
        var dropIns = Path.Combine(root, "etc/systemd/system/cvops-agent.service.d");
        var rule = Path.Combine(root, "etc/udev/rules.d/60-cvops-gpio.rules");
        async Task<(int Code, string Said)> Open(params string[] names) => await RunAsync(Path.Combine(share, "cvops-agent-devices"),
            new Dictionary<string, string?> { ["CVOPS_DEVICES_SHARE"] = share, ["CVOPS_DEVICES_ROOT"] = root }, names);
        string[] Links() => [.. Directory.EnumerateFiles(dropIns).Select(link => Path.GetFileName(link)!).Order(StringComparer.Ordinal)];

        Assert.Equal(0, (await Open("v4l2", "gpio")).Code);
        Assert.Equal(["50-gpio.conf", "50-v4l2.conf"], Links());
        Assert.Contains("DeviceAllow=char-gpiochip rw", File.ReadAllText(Path.Combine(dropIns, "50-gpio.conf")), StringComparison.Ordinal);
        Assert.True(File.Exists(rule));
        Assert.Equal("v4l2\ngpio\n", (await Open()).Said);

        Assert.Equal(0, (await Open("gpu")).Code);
        Assert.Equal(["50-gpu.conf"], Links());
        Assert.False(File.Exists(rule));

        foreach (var names in (string[][])[["gpu", "jetson"], ["gpu", "none"], ["camera"]]) Assert.Equal(78, (await Open(names)).Code);
        Assert.Equal(["50-gpu.conf"], Links());
        Assert.Equal(0, (await Open("none")).Code);
        Assert.Empty(Links());
    }

    [Fact]
    public async Task The_unit_exposes_little()
    {
        if (TestProcess.Find("systemd-analyze") is null) Skip.Because("systemd-analyze is not installed.");
        // In tenths; the programme ends with 1 above it.
        await using var analyze = TestProcess.Start("systemd-analyze", ["security", "--offline=true", "--threshold=20", "--no-pager", Path.Combine(Edge, "cvops-agent.service")]);
        Assert.Equal(0, await analyze.WaitForExitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.Contains("Overall exposure level", analyze.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_can_read_every_script()
    {
        string[] scripts = [.. Directory.EnumerateFiles(Edge, "*", SearchOption.AllDirectories).Where(file => File.ReadLines(file).FirstOrDefault() == "#!/bin/sh")];
        Assert.True(scripts.Length >= 9, string.Join(", ", scripts));
        foreach (var script in scripts)
        {
            await using var shell = TestProcess.Start("/bin/sh", ["-n", script]);
            Assert.True(await shell.WaitForExitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken) == 0, shell.Output);
        }
    }

    /// <summary>A package with nothing in it.</summary>
    private async Task<string> PackAsync(string name, string architecture)
    {
        var control = _folder[$"{name}-{architecture}/DEBIAN/control"];
        Directory.CreateDirectory(Path.GetDirectoryName(control)!);
        // The mode that dpkg-deb wants, whatever the umask.
        File.SetUnixFileMode(Path.GetDirectoryName(control)!, (UnixFileMode)0b111_101_101);
        File.WriteAllText(control, $"Package: {name}\nVersion: 1\nArchitecture: {architecture}\nMaintainer: Tests <tests@cvops.invalid>\nDescription: nothing\n");
        var package = _folder[$"{name}_1_{architecture}.deb"];
        await using var pack = TestProcess.Start("dpkg-deb", ["--root-owner-group", "-b", _folder[$"{name}-{architecture}"], package]);
        Assert.True(await pack.WaitForExitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken) == 0, pack.Output);
        return package;
    }

    private static async Task<(int Code, string Said)> RunAsync(string script, Dictionary<string, string?> environment, params string[] arguments)
    {
        await using var process = TestProcess.Start("/bin/sh", [script, .. arguments], environment);
        var code = await process.WaitForExitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        return (code, process.Output);
    }
}

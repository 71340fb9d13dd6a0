using CvOps.Testing;

namespace CvOps.Agent.Tests.Host;

/// <summary><c>deploy/edge/install.sh</c> into a folder of its own.</summary>
[Trait("tier", "integration")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class InstallScriptTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Publish => _folder["publish"];

    private string Root => _folder["root"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_second_run_replaces_the_program_and_leaves_configuration_and_state_alone()
    {
        Skip.Unless(Environment.IsPrivilegedProcess, "The script installs as root.");
        Skip.Unless(TestProcess.Find("ffmpeg") is not null, "ffmpeg is not installed.");
        MakePublish();
        var (code, said) = await RunAsync(Publish, "--root", Root);
        Assert.True(code == 0, said);
        Assert.Contains("example configuration", said, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync(TestData.InRepository("deploy", "edge", "agent.yaml"), TestContext.Current.CancellationToken), Read("etc/cvops/agent.yaml"));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(In("etc/cvops/agent.yaml")) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(In("var/lib/cvops-agent")));
        Assert.Contains("ExecStart=/opt/cvops-agent/cvops-agent", Read("etc/systemd/system/cvops-agent.service"), StringComparison.Ordinal);
        Assert.NotEqual(UnixFileMode.None, File.GetUnixFileMode(In("opt/cvops-agent/cvops-agent")) & UnixFileMode.OtherExecute);

        File.WriteAllText(In("etc/cvops/agent.yaml"), "mine");
        foreach (var secret in (string[])["device.key", "device.pem"]) File.WriteAllText(In($"etc/cvops/{secret}"), "secret");
        File.WriteAllText(In("var/lib/cvops-agent/update.json"), "state");
        File.WriteAllText(Path.Combine(Publish, "cvops-agent.dll"), "newer");
        (code, said) = await RunAsync(Publish, "--root", Root);
        Assert.True(code == 0, said);
        Assert.Equal(("mine", "state"), (Read("etc/cvops/agent.yaml"), Read("var/lib/cvops-agent/update.json")));
        Assert.Equal(("newer", "program"), (Read("opt/cvops-agent/cvops-agent.dll"), Read("opt/cvops-agent.old/cvops-agent.dll")));
        Assert.False(Path.Exists(In("opt/cvops-agent.new")));
        foreach (var secret in (string[])["device.key", "device.pem"]) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(In($"etc/cvops/{secret}")));
    }

    [Fact]
    public async Task What_it_cannot_do_it_says_in_a_sentence_and_changes_nothing()
    {
        Directory.CreateDirectory(Publish);
        foreach (var (arguments, part) in new (string[], string)[]
        {
            ([Publish, "--root", Root], "holds no cvops-agent.dll"),
            ([Publish, "--bogus"], "unknown option '--bogus'"),
            ([Publish, "--root"], "--root needs a directory"),
            ([Publish, "other"], "only one publish folder"),
        })
        {
            var (code, said) = await RunAsync(arguments);
            Assert.Equal(1, code);
            Assert.Contains(part, said, StringComparison.Ordinal);
        }
        Assert.False(Path.Exists(Root));
    }

    /// <summary>As little as the script takes for a published agent with its own runtime.</summary>
    private void MakePublish()
    {
        Directory.CreateDirectory(Publish);
        foreach (var name in (string[])["cvops-agent", "cvops-agent.dll", "libcoreclr.so"]) File.WriteAllText(Path.Combine(Publish, name), "program");
    }

    private string In(string path) => Path.Combine(Root, path);

    private string Read(string path) => File.ReadAllText(In(path));

    private static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        await using var script = TestProcess.Start("/bin/sh", [TestData.InRepository("deploy", "edge", "install.sh"), .. arguments]);
        var code = await script.WaitForExitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        return (code, script.Output);
    }
}

using System.Net;
using System.Net.Sockets;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Simulator;

[Trait("tier", "integration")]
public sealed class SimulatorMistakesTests
{
    [Theory]
    [InlineData("--size is '30x30'", "run", "--size", "30x30")]
    [InlineData("--fps is 0", "run", "--fps", "0")]
    [InlineData("--port is 70000", "run", "--port", "70000")]
    [InlineData("--address is 'here'", "run", "--address", "here")]
    [InlineData("'a b' is no name for a line", "run", "--lines", "a b")]
    [InlineData("The line 'a' is named twice", "run", "--lines", "a,a")]
    [InlineData("--defects is 1.5", "run", "--defects", "1.5")]
    [InlineData("install ffmpeg", "run", "--ffmpeg", "/nonexistent/ffmpeg")]
    [InlineData("The lamp is 2", "render", "--out", "/tmp", "--lamp", "2")]
    [InlineData("There is no product 'cup'", "render", "--out", "/tmp", "--product", "cup")]
    [InlineData("could not be written", "render", "--out", "/proc/none")]
    public async Task A_mistake_gets_one_sentence_and_exit_code_78(string sentence, params string[] arguments)
    {
        await using var process = TestProcess.StartAssembly(LineProcess.Assembly, arguments);
        Assert.Equal(78, await process.WaitForExitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        await Eventually.Async(() => process.Output.Contains(sentence, StringComparison.Ordinal), TimeSpan.FromSeconds(5), () => process.Output, TestContext.Current.CancellationToken);
        Assert.Single(process.Output.Trim().Split('\n'));
    }

    [Fact]
    public async Task A_busy_port_gets_one_sentence_and_exit_code_78()
    {
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        var port = ((IPEndPoint)busy.LocalEndpoint).Port;
        await using var process = TestProcess.StartAssembly(LineProcess.Assembly, ["run", "--port", $"{port}"]);
        Assert.Equal(78, await process.WaitForExitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Contains($"Port {port} of 127.0.0.1 is in use", process.Output, StringComparison.Ordinal);
    }
}
